import type { Check } from '../check.ts'
import { clockCheck } from './clock.ts'
import { collectionsCheck } from './collections.ts'
import { configurationCheck } from './configuration.ts'
import { databaseCheck } from './database.ts'
import { diskCheck } from './disk.ts'
import { embeddingCheck } from './embedding.ts'
import { isolationCheck } from './isolation.ts'
import { jobsCheck } from './jobs.ts'
import { llmCheck } from './llm.ts'
import { memoryCheck } from './memory.ts'
import { migrationsCheck } from './migrations.ts'
import { pointsCheck } from './points.ts'
import { queriesCheck } from './queries.ts'
import { redisCheck } from './redis.ts'
import { vectorsCheck } from './vectors.ts'

/** In the order in which a person would look: what others need comes first. */
export const checks: readonly Check[] = [
  configurationCheck,
  memoryCheck,
  diskCheck,
  databaseCheck,
  clockCheck,
  migrationsCheck,
  queriesCheck,
  vectorsCheck,
  collectionsCheck,
  pointsCheck,
  jobsCheck,
  isolationCheck,
  redisCheck,
  embeddingCheck,
  llmCheck,
]
