import { pino, type Logger } from 'pino'
import { buildApplication } from './application.ts'
import { type Configuration, parseConfiguration } from './contract/configuration.ts'
import { logOptions } from './contract/log-format.ts'
import { createApp } from './http/app.ts'
import { type RunningServer, serve } from './http/serve.ts'
import { localModelMachine } from './local-model-machine.ts'
import { productVersion } from './contract/product-version.ts'
import { createEmbedder } from './providers/embedders/index.ts'
import { embedderSettings } from './providers/embedders/settings.ts'
import { ProviderError } from './providers/provider-error.ts'

/** The retrieval API. */
async function main(): Promise<void> {
  const parsed = parseConfiguration(process.env)
  if (!parsed.ok) return refuse(parsed.faults)
  const { configuration } = parsed
  const log = pino(logOptions('selfrag.api', configuration.DEBUG ? 'debug' : configuration.LOG_LEVEL))
  const embedding = await createEmbedder(embedderSettings(configuration), localModelMachine(log))
  if (!embedding.embedder)
    log.warn({ reason: embedding.reason }, 'lexical mode: there is no embedding model, only BM25')
  const application = buildApplication({
    configuration,
    embedding,
    name: 'selfrag-api',
    version: productVersion,
    log,
    now: () => new Date(),
    works: false,
  })
  application.metrics.addProcessMetrics()
  const server = await listen(createApp(application), configuration)
  log.info({ host: configuration.HOST, port: server.port, version: productVersion }, 'listening')
  endOnSignal(server, application, configuration, log)
}

async function listen(app: ReturnType<typeof createApp>, { HOST: host, PORT: port }: Configuration) {
  try {
    return await serve(app, { host, port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${code ?? message})`
    throw new StartError(`PORT: ${port} on ${host} ${reason}; set PORT or HOST to another one`, { cause: error })
  }
}

/** Requests in flight end first; then connections close. A second signal does not wait. */
function endOnSignal(
  server: RunningServer,
  application: { close(): Promise<void> },
  { SHUTDOWN_GRACE_SECONDS: grace }: Configuration,
  log: Logger,
): void {
  let ending = false
  const end = async (signal: NodeJS.Signals) => {
    if (ending) return process.exit(1)
    ending = true
    log.info({ signal }, `stopping; requests in flight have ${grace} s`)
    await server.stop(grace * 1000)
    await application.close()
    log.info('stopped')
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      end(signal).catch((error: unknown) => {
        log.error({ err: error }, 'could not stop cleanly')
        process.exit(1)
      })
    })
}

/** Something that a person has to set right; told in one line. */
class StartError extends Error {}

function refuse(faults: readonly string[]): never {
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.exit(1)
}

main().catch((error: unknown) => {
  if (error instanceof StartError || error instanceof ProviderError) refuse([error.message])
  throw error
})
