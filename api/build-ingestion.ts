import type { Application } from './application.ts'
import { readModelChoice } from './contract/model-reference.ts'
import { chunkers } from './ingestion/chunkers/index.ts'
import type { IngestionParts } from './ingestion/ingestion-parts.ts'
import { ParserThreads } from './ingestion/parsers/parser-threads.ts'

/** What an application's jobs are run with: `startWorker(buildIngestion(application), concurrency)`. */
export function buildIngestion({
  stores,
  embedding,
  configuration,
  queue,
  cache,
  usage,
  log,
  services,
}: Application): IngestionParts {
  const parsers = new ParserThreads({ threads: configuration.WORKER_CONCURRENCY })
  return {
    ...stores,
    embedding,
    chunking: configuration.chunking,
    defaultRetriever: configuration.RETRIEVAL_DEFAULT_RETRIEVER,
    parse: (bytes, hint) => parsers.parse(bytes, hint),
    chunkers,
    llm: async (scope, settings) =>
      (await services.requestModels.resolve(scope, [{ models: readModelChoice(settings) }])).llm,
    queue,
    cache,
    usage,
    auditRetentionDays: configuration.AUDIT_RETENTION_DAYS,
    schedule: {
      maintenance: configuration.SCHEDULED_MAINTENANCE === 'weekly',
      isolationCheck: configuration.SCHEDULED_ISOLATION_CHECK === 'daily',
    },
    now: () => new Date(),
    log,
  }
}
