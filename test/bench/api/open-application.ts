import { pino } from 'pino'
import { type Application, buildApplication } from '../../../api/application.ts'
import { parseConfiguration } from '../../../api/contract/configuration.ts'
import { localModelMachine } from '../../../api/local-model-machine.ts'
import { createEmbedder, type EmbedderResult } from '../../../api/providers/embedders/index.ts'
import { embedderSettings } from '../../../api/providers/embedders/settings.ts'

type Environment = Readonly<Record<string, string>>

const log = pino({ level: 'silent' })

/** The product's parts in this process, on the stores of a stack. */
export async function openApplication(environment: Environment): Promise<Application> {
  const configuration = read(environment)
  const embedding = await embedderOf(environment)
  const now = () => new Date()
  return buildApplication({ configuration, embedding, name: 'selfrag-bench', version: 'bench', log, now, works: false })
}

/** The embedder that a stack's programs have, in this process. */
export function embedderOf(environment: Environment): Promise<EmbedderResult> {
  return createEmbedder(embedderSettings(read(environment)), localModelMachine(log))
}

function read(environment: Environment) {
  const parsed = parseConfiguration(environment)
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
  return parsed.configuration
}
