import { backupConfigurationSchema } from '../../api/contract/backup.ts'
import { configurationSchema } from '../../api/contract/configuration.ts'
import { presets } from '../presets.ts'
import type { GeneratedFile } from './generated-file.ts'

/** What a Compose stack asks for besides the variables of the programs: [name, value, meaning]. */
const stack: readonly (readonly [name: string, value: string, meaning: string])[] = [
  ['SELFRAG_IMAGE', 'selfrag-api:0.1.0', 'Image of API, worker and migration; built from Dockerfile.api when it is not there.'],
  ['POSTGRES_PASSWORD', 'change-me', 'Password of the administrator of Postgres, who is only used to set it up.'],
  ['SELFRAG_DB_PASSWORD', 'change-me', 'Password of the role that API and worker use.'],
  ['REDIS_PASSWORD', 'change-me', 'Password of Redis; letters and digits, since it becomes part of a URL.'],
  ['API_BIND', '127.0.0.1', 'Address on which the host offers the API; nginx is what others should reach.'],
  ['API_PORTS', '8020', 'Port of the host, or a range with one port a replica.'],
  ['SERVER_NAME', 'localhost', 'Host name that nginx serves, as in its certificate.'],
  ['BACKUP_FOLDER', '/var/backups/selfrag', 'Folder of the host that backups go to; it belongs to user 10001 (chown once).'],
  ['TLS_DIR', './tls', 'Folder with cert.pem and key.pem for nginx.'],
] // prettier-ignore

/** Values that differ from the programs' defaults, and secrets that have to be made. Compose gives the addresses. */
const set: Readonly<Record<string, string>> = {
  ENVIRONMENT: 'production',
  ADMIN_TOKEN: 'change-me-admin-token',
  QDRANT_API_KEY: 'change-me',
  RATE_LIMIT_STORAGE: 'redis',
}

/** Given by compose.yaml to the containers; set one to use a server of your own instead. */
const fromCompose = new Set(['DATABASE_URL', 'PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD', 'QDRANT_URL', 'REDIS_URL', 'HOST', 'PORT']) // prettier-ignore

/** config/compose/.env.example: every variable of the stack, the programs and backups, described. */
export function composeEnvironment(): GeneratedFile[] {
  const sections = [
    section('The stack', stack.map(([name, value, meaning]) => entry(name, meaning, `${name}=${value}`))),
    section('API and worker', Object.entries(configurationSchema.shape).map(variable)),
    section('Backups (hack/backup, hack/restore; docs/operations/backup.md)', Object.entries(backupConfigurationSchema.shape).map(variable)),
  ] // prettier-ignore
  const content = `# Generated from api/contract/configuration.ts by \`npm run generate\`; do not edit. Copy it with ./new-env, which fills in
# passwords. An empty or missing variable has its default. In production, start-up refuses the values that begin with change-me.

${sections.join('\n')}`
  return [{ path: 'config/compose/.env.example', content }]
}

/** config/compose/presets/*.env: sizes of a stack by load, for a second --env-file. */
export function composePresets(): GeneratedFile[] {
  return Object.entries(presets).map(([name, { load, variables }]) => ({
    path: `config/compose/presets/${name}.env`,
    content: `# Generated from hack/presets.ts by \`npm run generate\`; do not edit. For ${load} requests at the same time.
${Object.entries(variables).map(([variable, value]) => `${variable}=${value}\n`).join('')}`, // prettier-ignore
  }))
}

type Variable = { readonly description?: string | undefined; safeParse(value: unknown): { success: boolean; data?: unknown } } // prettier-ignore

function variable([name, schema]: readonly [string, Variable]): string {
  if (name in set) return entry(name, schema.description, `${name}=${set[name]}`)
  const { success, data } = schema.safeParse(undefined)
  const shown = success && ['string', 'number', 'boolean'].includes(typeof data) ? `${data as string | number}` : ''
  const meaning = fromCompose.has(name) ? `${schema.description} Set by compose.yaml.` : schema.description
  return entry(name, meaning, `#${name}=${shown}`)
}

function entry(name: string, meaning: string | undefined, assignment: string): string {
  if (!meaning) throw new Error(`${name} has no description`)
  return `# ${meaning}\n${assignment}\n`
}

function section(title: string, entries: readonly string[]): string {
  return `# --- ${title}\n\n${entries.join('\n')}`
}
