import { pino } from 'pino'
import { type Application, buildApplication } from './application.ts'
import { type Configuration, parseConfiguration } from './contract/configuration.ts'
import { logOptions } from './contract/log-format.ts'
import { createApp } from './http/app.ts'
import { KEEP_ALIVE_LINGER_MS, type RunningServer, serve } from './http/serve.ts'
import { localModelMachine } from './local-model-machine.ts'
import { productVersion } from './contract/product-version.ts'
import { createEmbedder } from './providers/embedders/index.ts'
import { embedderSettings } from './providers/embedders/settings.ts'
import { ProviderError } from './providers/provider-error.ts'
import { listenForStop } from './stop-signals.ts'
import { startTracing } from './tracing/start-tracing.ts'
import { tracedFetch } from './tracing/traced-fetch.ts'

/** The retrieval API. */
async function main(): Promise<void> {
  const parsed = parseConfiguration(process.env)
  if (!parsed.ok) return refuse(parsed.faults)
  const { configuration } = parsed
  const log = pino(logOptions('selfrag.api', configuration.DEBUG ? 'debug' : configuration.LOG_LEVEL))
  const stopBy = listenForStop(log)
  const stopTracing = await startTracing({ name: 'selfrag-api', version: productVersion }, configuration)
  const embedding = await createEmbedder(embedderSettings(configuration), localModelMachine(log), tracedFetch)
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
  stopBy(signal => drain(server, application, signal).finally(stopTracing))
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

/**
 * Says that it is not ready, answers what still comes, and ends. Clients that keep connections open are told to leave, and
 * get the time to notice: closing a connection under a request that is on its way would lose it.
 */
async function drain(server: RunningServer, application: Application, signal: NodeJS.Signals): Promise<void> {
  const { services, configuration, log } = application
  const grace = configuration.SHUTDOWN_GRACE_SECONDS
  log.info({ signal }, `stopping; requests in flight have ${grace} s`)
  services.readiness.end()
  await server.stop({ graceMs: grace * 1000, lingerMs: KEEP_ALIVE_LINGER_MS })
  await application.close()
  log.info('stopped')
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
