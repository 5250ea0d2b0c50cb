import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { LocalModelMachine } from './providers/embedders/index.ts'

/** How the API and the worker run local models: downloaded once into the user's cache when MODELS_DIR does not have them. */
export function localModelMachine(log: Pick<Logger, 'info'>): LocalModelMachine {
  const announced = new Set<string>()
  return {
    cacheDir: join(homedir(), '.cache', 'selfrag', 'models'),
    threads: Math.min(4, availableParallelism()),
    download: {
      fetch: globalThis.fetch,
      hubUrl: 'https://huggingface.co',
      mavenCommand: null,
      onProgress(file, _received, total) {
        if (announced.has(file)) return
        announced.add(file)
        log.info({ file, bytes: total }, 'downloading the embedding model; set MODELS_DIR to bring it along')
      },
    },
  }
}
