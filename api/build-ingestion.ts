import type { Application } from './application.ts'
import { chunkers } from './ingestion/chunkers/index.ts'
import type { IngestionParts } from './ingestion/ingestion-parts.ts'
import { parseDocument } from './ingestion/parsers/index.ts'

/** What an application's jobs are run with: `startWorker(buildIngestion(application), concurrency)`. */
export function buildIngestion({ stores, embedding, configuration, queue, log }: Application): IngestionParts {
  return {
    ...stores,
    embedding,
    chunking: configuration.chunking,
    parse: parseDocument,
    chunkers,
    queue,
    now: () => new Date(),
    log,
  }
}
