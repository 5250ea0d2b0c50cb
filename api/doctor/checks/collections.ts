import { fingerprint } from '../../contract/fingerprint.ts'
import { sharedCollection } from '../../contract/names.ts'
import { configuredSpace } from '../../services/pipeline-settings.ts'
import { listTenants } from '../../stores/postgres/tenants.ts'
import { type Check, failed, type Finding, ok, type Patient, warning } from '../check.ts'

/** Every collection that tenants live in is there, and made for the vectors that this configuration makes. */
export const collectionsCheck: Check = {
  name: 'collections',
  needs: ['migrations', 'vectors'],
  timeoutMs: () => 60_000,
  async examine(patient) {
    const { database, configuration } = patient
    const aliases = new Set((await listTenants(database)).map(({ collection }) => collection))
    const shared = sharedCollection(configuration.QDRANT_COLLECTION_PREFIX)
    if (aliases.size === 0) return ok(`no tenant yet; the first makes ${shared}`)
    const findings: Finding[] = []
    for (const alias of aliases) findings.push(await judge(alias, patient))
    return findings.find(({ status }) => status === 'failed') ?? findings.find(({ status }) => status === 'warning') ?? ok(`${aliases.size} collections, as this configuration needs them`) // prettier-ignore
  },
}

async function judge(alias: string, { vectors, configuration }: Patient): Promise<Finding> {
  const state = await vectors.collections.describe(alias)
  if (!state) return failed(`${alias} is not there`, 'it was deleted, or QDRANT_COLLECTION_PREFIX or QDRANT_URL is another than before', 'correct those; or restore a backup (docs/operations/backup.md)') // prettier-ignore
  const space = configuredSpace(configuration)
  if (space === null) return ok(alias)
  const wanted = fingerprint(space)
  if (state.fingerprint === null) return warning(`${alias} bears no fingerprint`, 'somebody else made it', 'see docs/drift.md') // prettier-ignore
  if (state.fingerprint !== wanted)
    return failed(`${alias} holds vectors ${state.fingerprint} (${state.dense?.dimension ?? 'no'} dimensions), ${space.model} makes ${wanted} (${space.dimension})`, 'the embedding model was changed after documents had been indexed; their vectors cannot be compared', 'set EMBEDDING_MODEL and EMBEDDING_DIM back, or index the documents again in a pipeline of its own') // prettier-ignore
  return ok(alias)
}
