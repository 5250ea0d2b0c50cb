import { configurationSchema } from '../../api/contract/configuration.ts'
import type { EnvironmentVariable } from '../../crds/pod.ts'

type NumberName = 'SHUTDOWN_GRACE_SECONDS' | 'MAX_BODY_MB'

/** What the API will read for a setting that `env` may set: its value there, else the API's own default. */
export function numberVariable(env: readonly EnvironmentVariable[], name: NumberName): number {
  const schema = configurationSchema.shape[name]
  const parsed = schema.safeParse(env.find(variable => variable.name === name)?.value)
  return parsed.success ? parsed.data : schema.parse(undefined)
}
