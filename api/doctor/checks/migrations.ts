import { controlSchemaVersion, tenantSchemaVersion } from '../../stores/postgres/migrator.ts'
import { controlSchemaState, isUsable, tenantSchemaState } from '../../stores/postgres/schema-state.ts'
import { listTenants } from '../../stores/postgres/tenants.ts'
import { type Check, failed, ok, warning } from '../check.ts'

const DO_MIGRATE = 'node dist/api/migrate.js (docker compose run --rm migrate), or npm run db:migrate'

/** The schemas are ones that this version works with. */
export const migrationsCheck: Check = {
  name: 'migrations',
  needs: ['database'],
  timeoutMs: () => 60_000,
  async examine({ database }) {
    const version = await controlSchemaVersion(database)
    const control = controlSchemaState(version)
    if (control.state === 'behind' && control.from === null)
      return warning('the database is empty', 'nothing has been migrated yet', DO_MIGRATE)
    if (control.state === 'newer')
      return failed(`the control schema has ${control.unknown.join(', ')}`, 'a newer version has migrated it', 'run the newer version, or restore a backup of before') // prettier-ignore
    if (!isUsable(control)) return failed('the control schema is too old', 'its migrations have not run', DO_MIGRATE)
    const tenants = await listTenants(database)
    const level = version.level ?? null
    const behind: string[] = []
    for (const { slug } of tenants) {
      const state = tenantSchemaState({ ...(await tenantSchemaVersion(database, slug)), level })
      if (state.state !== 'current' && state.state !== 'ahead') behind.push(slug)
    }
    if (behind.length > 0)
      return failed(`${behind.length} of ${tenants.length} tenants: ${behind.slice(0, 5).join(', ')}`, 'their schemas are not as this version needs them', DO_MIGRATE) // prettier-ignore
    if (control.state === 'behind') return warning(`behind: at ${control.from}`, 'this version is newer', DO_MIGRATE)
    return ok(`${control.state === 'current' ? control.at : 'a release newer'}, ${tenants.length} tenants`)
  },
}
