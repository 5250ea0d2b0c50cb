import { pino } from 'pino'
import { type Application, buildApplication } from './application.ts'
import { buildIngestion } from './build-ingestion.ts'
import { type Configuration, parseConfiguration } from './contract/configuration.ts'
import { logOptions } from './contract/log-format.ts'
import { type RunningServer, serve } from './http/serve.ts'
import { workerListener } from './http/worker-listener.ts'
import { startWorker, type Worker } from './ingestion/start-worker.ts'
import { localModelMachine } from './local-model-machine.ts'
import { productVersion } from './contract/product-version.ts'
import { createEmbedder } from './providers/embedders/index.ts'
import { embedderSettings } from './providers/embedders/settings.ts'
import { ProviderError } from './providers/provider-error.ts'
import { listenForStop } from './stop-signals.ts'
import { startTracing } from './tracing/start-tracing.ts'
import { tracedFetch } from './tracing/traced-fetch.ts'

/** The worker: indexes and deletes documents. */
async function main(): Promise<void> {
  const parsed = parseConfiguration(process.env)
  if (!parsed.ok) return refuse(parsed.faults)
  const { configuration } = parsed
  const log = pino(logOptions('selfrag.worker', configuration.DEBUG ? 'debug' : configuration.LOG_LEVEL))
  const stopBy = listenForStop(log)
  const stopTracing = await startTracing({ name: 'selfrag-worker', version: productVersion }, configuration)
  const embedding = await createEmbedder(embedderSettings(configuration), localModelMachine(log), tracedFetch)
  if (!embedding.embedder) log.warn({ reason: embedding.reason }, 'lexical mode: documents get no vectors, only BM25')
  const application = buildApplication({
    configuration,
    embedding,
    name: 'selfrag-worker',
    version: productVersion,
    log,
    now: () => new Date(),
    works: true,
  })
  application.metrics.addProcessMetrics()
  const server = await listen(application, configuration)
  application.webhooks.start()
  const worker = startWorker(buildIngestion(application), configuration.WORKER_CONCURRENCY)
  log.info({ host: configuration.HOST, port: server.port, version: productVersion }, 'the worker has started')
  stopBy(signal => drain(worker, server, application, signal).finally(stopTracing))
}

async function listen({ services }: Application, { HOST: host, PORT: port }: Configuration): Promise<RunningServer> {
  try {
    return await serve(workerListener(services), { host, port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new StartError(`PORT: ${port} on ${host} cannot be listened on (${code ?? message}); set PORT to another one`)
  }
}

/** Jobs at work end, or are given back; probes are answered until then. */
async function drain(worker: Worker, server: RunningServer, application: Application, signal: NodeJS.Signals) {
  const { services, configuration, log } = application
  const grace = configuration.SHUTDOWN_GRACE_SECONDS
  log.info({ signal }, `stopping; jobs at work have ${grace} s`)
  services.readiness.end()
  await worker.stop(grace * 1000)
  await server.stop({ graceMs: 1000 })
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
