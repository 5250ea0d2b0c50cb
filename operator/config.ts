import { hostname } from 'node:os'
import { z } from 'zod'

const flag = (standard: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .default(standard ? 'true' : 'false')
    .transform(value => value === 'true')

const seconds = (standard: number, least: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number of seconds')
    .default(String(standard))
    .transform(Number)
    .pipe(z.int().min(least).max(86_400))

/** `:8080`, `0.0.0.0:8080`, `[::]:8080`. */
const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]*):\d{1,5}$/, 'must be host:port, such as :8080')
  .transform(text => {
    const colon = text.lastIndexOf(':')
    const host = text.slice(0, colon).replace(/^\[|\]$/g, '')
    return { host: host || '0.0.0.0', port: Number(text.slice(colon + 1)) }
  })

/** Every environment variable that the operator reads. Deployments set them; see charts/ and config/manager. */
export const operatorConfigSchema = z.object({
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  WATCH_NAMESPACES: z
    .string()
    .default('')
    .transform(text =>
      text
        .split(',')
        .map(name => name.trim())
        .filter(name => name !== ''),
    ) // prettier-ignore
    .describe('Namespaces whose resources are reconciled, separated by commas; empty: all.'),
  API_IMAGE: z
    .string()
    .min(1, 'must name the image of the API')
    .describe('Image of API and worker for pipelines that name none.'),
  LEADER_ELECT: flag(true).describe('Whether replicas elect a leader. Needed with more than one.'),
  LEASE_NAMESPACE: z.string().optional().describe('Namespace of the Lease; absent: POD_NAMESPACE.'),
  LEASE_NAME: z.string().min(1).default('selfrag-operator').describe('Name of the Lease.'),
  LEASE_SECONDS: seconds(15, 2).describe('After so long without a sign of life of the leader others take over.'),
  POD_NAMESPACE: z.string().min(1).default('selfrag-system').describe('Namespace of the operator itself.'),
  POD_NAME: z.string().min(1).default(hostname()).describe('Name of the pod: who leads, and who wrote an Event.'),
  METRICS_BIND: address.prefault(':8080').describe('Where /healthz, /readyz and /metrics are served.'),
  RESYNC_SECONDS: seconds(300, 1).describe(
    'How often each resource is looked at again, because drift in Postgres and in the vector store tells nobody; the actual time is up to a fifth shorter or longer, so that many resources do not come at once.',
  ),
  DRY_RUN: flag(false).describe('Whether the operator only writes into `status.plan` of each resource what it would do, as the annotation `selfrag.io/plan: "true"` does for one; the option `--dry-run` is the same. It still takes its Lease.'), // prettier-ignore
  ISOLATION_CHECK_SECONDS: seconds(86_400, 1).describe('How often it is tried anew to reach other tenants from each one; what was granted is looked at with every resync.'), // prettier-ignore
  WORKERS: z
    .string()
    .regex(/^\d{1,2}$/, 'must be a whole number')
    .default('4')
    .transform(Number)
    .pipe(z.int().min(1).max(32))
    .describe('Resources of a kind that are reconciled at the same time.'),
  BUILD_REVISION: z
    .string()
    .default('unknown')
    .describe('Git revision that the image was built from, told in metrics; the image sets it.'),
  SHUTDOWN_GRACE_SECONDS: seconds(20, 1).describe('How long reconciliations may take to end after SIGTERM.'),
})

export type OperatorConfig = z.output<typeof operatorConfigSchema>

export type OperatorConfigResult =
  | { readonly ok: true; readonly config: OperatorConfig }
  /** One line a fault, naming the variable or the option. */
  | { readonly ok: false; readonly faults: readonly string[] }

const DRY_RUN_OPTION = '--dry-run'

/**
 * Reads an environment, and the one option that there is. Empty variables count as unset. Pure.
 * @param args what stands on the command line after the program
 */
export function parseOperatorConfig(
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[] = [],
): OperatorConfigResult {
  const strange = args.filter(argument => argument !== DRY_RUN_OPTION)
  if (strange.length > 0)
    return {
      ok: false,
      faults: strange.map(argument => `${argument}: is no option; the only one is ${DRY_RUN_OPTION}`),
    }
  const given = args.includes(DRY_RUN_OPTION) ? { ...env, DRY_RUN: 'true' } : env
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = operatorConfigSchema.safeParse(present)
  if (parsed.success) return { ok: true, config: parsed.data }
  const faults = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0])
    return present[name] === undefined ? `${name}: must be set` : `${name}: ${message} (got ${JSON.stringify(present[name])})` // prettier-ignore
  })
  return { ok: false, faults }
}
