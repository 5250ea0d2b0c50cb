import { pino } from 'pino'
import { type Application, buildApplication } from '../application.ts'
import { buildIngestion } from '../build-ingestion.ts'
import { type Configuration, parseConfiguration } from '../contract/configuration.ts'
import { logOptions } from '../contract/log-format.ts'
import { createApp } from '../http/app.ts'
import { serve } from '../http/serve.ts'
import { startWorker } from '../ingestion/start-worker.ts'
import { productVersion } from '../contract/product-version.ts'
import { createEmbedder } from '../providers/embedders/index.ts'
import { embedderSettings } from '../providers/embedders/settings.ts'
import { startTracing } from '../tracing/start-tracing.ts'
import { tracedFetch } from '../tracing/traced-fetch.ts'
import { applyResources, selectResources, UnusableResources } from './apply-resources.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import { standaloneEnvironment } from './environment.ts'
import { type Home, prepareHome, readOrMakeAdminToken } from './home.ts'
import { lockHome } from './home-lock.ts'
import { modelMachine } from './model-machine.ts'
import { checkPort, portError } from './port.ts'
import { loadResources, watchResources } from './resource-folder.ts'
import type { StandaloneSettings } from './settings.ts'
import { outcomeLine, type Terminal } from './terminal.ts'

export interface Standalone {
  readonly url: string
  readonly configuration: Configuration
  /** Why there is no embedding model, and so only BM25; null when there is one. */
  readonly lexicalReason: string | null
  /** Ends requests, jobs, database: in that order, and within the configured grace. */
  stop(): Promise<void>
}

/** The environment is wrong; one line a fault. */
export class WrongEnvironment extends Error {
  override readonly name = 'WrongEnvironment'
}

/**
 * Starts the whole product in this process: embedded stores, resources, API, worker.
 * @throws HomeError, PortError, UnusableResources, WrongEnvironment, each in words for a person
 */
export async function startStandalone(settings: StandaloneSettings, terminal: Terminal): Promise<Standalone> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = once(() => inTurn(stops.reverse()))
  try {
    return { ...(await start(settings, terminal, end => stops.push(end))), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  settings: StandaloneSettings,
  terminal: Terminal,
  onStop: (end: () => Promise<unknown>) => void,
): Promise<Omit<Standalone, 'stop'>> {
  const { home } = settings
  await prepareHome(home)
  onStop(await lockHome(home, process.pid))
  const resources = await readResources(settings.resources)
  const adminToken = await readOrMakeAdminToken(home)
  // Parsed before anything is started, so that a wrong variable or a taken port costs no time.
  const early = configure(standaloneEnvironment(resources.pipeline, settings.variables, { adminToken, databaseUrl: 'postgresql://127.0.0.1' })) // prettier-ignore
  await checkPort(early.HOST, early.PORT)

  const embedding = await createEmbedder(
    embedderSettings(early),
    await modelMachine(terminal, settings.variables['PATH']),
    tracedFetch,
  )
  const lexicalReason = embedding.embedder ? null : embedding.reason
  const postgres = await startEmbeddedPostgres(home.database)
  onStop(() => postgres.stop())
  const variables = standaloneEnvironment(resources.pipeline, settings.variables, { adminToken, databaseUrl: postgres.url }) // prettier-ignore
  const configuration = configure(variables)
  const log = pino(logOptions('selfrag', configuration.DEBUG ? 'debug' : configuration.LOG_LEVEL))
  const now = () => new Date()
  onStop(await startTracing({ name: 'selfrag', version: productVersion }, configuration))
  const application = buildApplication({ configuration, embedding, name: 'selfrag', version: productVersion, log, now, works: true }) // prettier-ignore
  onStop(() => application.close())

  const apply = () => reconcile(application, settings, home, lexicalReason !== null, terminal)
  await apply()
  application.webhooks.start()
  const worker = startWorker(buildIngestion(application), configuration.WORKER_CONCURRENCY)
  onStop(() => worker.stop(STOP_MS))
  const server = await listen(application, configuration)
  onStop(() => server.stop({ graceMs: STOP_MS }))
  await worker.started
  const unwatch = watchResources(settings.resources, () => void apply().catch(error => terminal.line(describe(error))))
  onStop(async () => unwatch())
  const host = configuration.HOST === '0.0.0.0' ? '127.0.0.1' : configuration.HOST
  return { url: `http://${host}:${server.port}`, configuration, lexicalReason }
}

/** Requests and jobs in flight get this long each, so that Ctrl-C is over within 5 s; a job that is cut off goes on later. */
const STOP_MS = 1_500

async function readResources(folder: string) {
  try {
    return selectResources(folder, await loadResources(folder))
  } catch (error) {
    if (error instanceof UnusableResources) throw error
    throw new UnusableResources(`cannot read the resources in ${folder} (${describe(error)}); set SELFRAG_RESOURCES`, { cause: error }) // prettier-ignore
  }
}

function configure(variables: Readonly<Record<string, string | undefined>>): Configuration {
  const parsed = parseConfiguration(variables)
  if (!parsed.ok) throw new WrongEnvironment(parsed.faults.join('\n'))
  return parsed.configuration
}

async function reconcile(
  { stores }: Application,
  settings: StandaloneSettings,
  home: Home,
  lexical: boolean,
  terminal: Terminal,
): Promise<void> {
  const resources = await readResources(settings.resources)
  const outcomes = await applyResources(stores, resources, home, lexical, { now: () => new Date() })
  for (const outcome of outcomes) terminal.line(outcomeLine(outcome))
}

async function listen(application: Application, { HOST: host, PORT: port }: Configuration) {
  try {
    return await serve(createApp(application), { host, port })
  } catch (error) {
    throw portError(host, port, error as NodeJS.ErrnoException)
  }
}

/** Each gets its chance, so that the database is closed whatever happened before. @throws the first error, after all */
async function inTurn(stops: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const stop of stops) await stop().catch((error: unknown) => errors.push(error))
  if (errors.length > 0) throw errors[0]
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= work())
}
