import { CONTROL_SCHEMA, tenantSchema } from '../contract/names.ts'
import { showHnsw, showTuning } from '../stores/vectors/tuning.ts'
import type { CollectionSpec } from '../stores/vectors/vector-store.ts'
import { payloadIndexes } from '../stores/vectors/vector-store.ts'
import { describeRemoval } from './describe-removal.ts'
import type { PlannedChange, PlanWords } from './planned-change.ts'
import type { DesiredApiKey } from './desired.ts'
import type { Step, StepOf } from './steps.ts'

/** What a step changes, in the words of the store that it changes: what `apply.ts` would do. Pure. */
export function describeStep(step: Step, words: PlanWords): PlannedChange[] {
  switch (step.kind) {
    case 'migrate-control-schema':
      return [migration(`schema ${CONTROL_SCHEMA}`, `CREATE SCHEMA ${CONTROL_SCHEMA}`, step)]
    case 'adopt-schema':
      return [sql('update', `schema ${step.schema}`, `COMMENT ON SCHEMA ${step.schema}: the marker of ${step.owner.name ?? step.owner.uid}`)] // prettier-ignore
    case 'create-role':
      return [sql('create', `role of ${tenantSchema(step.slug)}`, 'CREATE ROLE … NOLOGIN; GRANT it to the product’s role WITH INHERIT FALSE, SET TRUE')] // prettier-ignore
    case 'create-schema':
      return [sql('create', `schema ${tenantSchema(step.slug)}`, `CREATE SCHEMA ${tenantSchema(step.slug)} AUTHORIZATION its role; COMMENT: the marker of ${step.owner.name ?? step.owner.uid}`)] // prettier-ignore
    case 'restore-schema':
      return [sql('create', `schema ${tenantSchema(step.slug)}`, `ALTER SCHEMA ${step.archive} RENAME TO ${tenantSchema(step.slug)}, owned by its role again; COMMENT: the marker of ${step.owner.name ?? step.owner.uid}`)] // prettier-ignore
    case 'restore-points':
      return [{ target: words.engine, action: 'create', object: `points of tenant ${step.slug}`, detail: 'puts the points of the snapshot back; then DROP TABLE archived_points' }] // prettier-ignore
    case 'grant-schema':
      return [sql('update', `schema ${tenantSchema(step.slug)}`, `gives role, schema and tables back the rights that they were made with: ${step.missing.join(', ') || 'GRANT of the role'}`)] // prettier-ignore
    case 'mend-schema':
      return step.missing.map(({ kind, table, name, wanted }) => sql('update', `table ${step.schema}.${table}`, kind === 'index' ? wanted : `ALTER TABLE ${table} ADD CONSTRAINT ${name}`)) // prettier-ignore
    case 'revoke-grants':
      return step.grants.map(({ object, revoke }) => sql('update', object, revoke))
    case 'migrate-tenant-schema':
      return [migration(`schema ${tenantSchema(step.slug)}`, null, step)]
    case 'create-collection':
    case 'create-payload-index':
    case 'tune-collection':
    case 'set-alias':
    case 'adopt-collection':
      return [describeCollection(step, words.engine)]
    case 'record-generation':
      return [sql('create', `embedding generation ${step.collection}`, `INSERT INTO ${CONTROL_SCHEMA}.embedding_generations: alias ${step.alias}, generation ${step.generation}, model ${step.model ?? 'none'}, fingerprint ${step.fingerprint}`)] // prettier-ignore
    case 'create-tenant':
      return [sql('create', `tenant ${step.tenant.slug}`, `INSERT INTO ${CONTROL_SCHEMA}.tenants: collection ${step.collection}, isolation ${step.tenant.isolation}, plan ${step.tenant.plan}`)] // prettier-ignore
    case 'take-tenant':
      return [sql('update', `tenant ${step.tenant.slug}`, `UPDATE ${CONTROL_SCHEMA}.tenants SET owner: from ${step.from.name ?? step.from.uid} to ${step.tenant.owner.name ?? step.tenant.owner.uid}`)] // prettier-ignore
    case 'update-tenant':
      return [sql('update', `tenant ${step.tenant.slug}`, `UPDATE ${CONTROL_SCHEMA}.tenants SET ${step.changed.join(', ')}`)] // prettier-ignore
    case 'begin-move':
      return [{ target: words.engine, action: 'update', object: `points of tenant ${step.slug}`, detail: `a worker moves them from ${step.from} to ${step.to} while they are served: INSERT INTO ${CONTROL_SCHEMA}.isolation_moves` }] // prettier-ignore
    case 'create-knowledge-base':
      return [knowledgeBase('create', step.slug, step.knowledgeBase.name, 'INSERT INTO')]
    case 'update-knowledge-base':
      return [knowledgeBase('update', step.slug, step.knowledgeBase.name, `UPDATE ${step.changed.join(', ')} in`)]
    case 'release-knowledge-base':
      return [knowledgeBase('update', step.slug, step.name, 'it is no longer declared and becomes one that HTTP may change: UPDATE managed_by in')] // prettier-ignore
    case 'mint-key':
      return [secret('create', words.vaultOf(step.key.name), `a new API key ${step.key.name}, which is made then and not shown here`), newKey(step)] // prettier-ignore
    case 'register-key':
      return [newKey(step)]
    case 'update-key':
      return [keyRow('update', step.slug, step.key.name, `UPDATE ${step.changed.join(', ')} in`)]
    case 'expire-keys':
      return [keyRow('update', step.slug, `${step.ids.length} older`, `they end at ${step.at.toISOString()}: UPDATE`)]
    case 'revoke-keys':
      return [keyRow('update', step.slug, `${step.ids.length} of its`, `they are refused from then on (${step.why}): UPDATE revoked_at in`)] // prettier-ignore
    case 'forget-secrets':
      return step.names.map(name => secret('delete', words.vaultOf(name), `the Secret of key ${name}`))
    default:
      return describeRemoval(step, words)
  }
}

export function sql(action: PlannedChange['action'], object: string, detail: string): PlannedChange {
  return { target: 'postgres', action, object, detail }
}

export function secret(action: PlannedChange['action'], object: string, detail: string): PlannedChange {
  return { target: 'kubernetes', action, object, detail }
}

function migration(object: string, creation: string | null, { from, to }: { from: string | null; to: string }) {
  const upTo = `migrations up to ${to}`
  if (from !== null) return sql('update', object, `${upTo}, from ${from}`)
  return sql(creation ? 'create' : 'update', object, creation ? `${creation}; ${upTo}` : `CREATE its tables: ${upTo}`)
}

type CollectionStep = StepOf<
  'create-collection' | 'create-payload-index' | 'tune-collection' | 'set-alias' | 'adopt-collection'
>

function describeCollection(step: CollectionStep, engine: PlanWords['engine']): PlannedChange {
  const request = (qdrant: string, pgvector: string) => (engine === 'qdrant' ? qdrant : pgvector)
  switch (step.kind) {
    case 'create-collection': {
      const detail = request(
        `PUT /collections/${step.name} and its indexes ${payloadIndexes.join(', ')}: ${showSpec(step.spec)}`,
        `CREATE TABLE for it in selfrag_vectors, with its indexes: ${showSpec(step.spec)}`,
      )
      return { target: engine, action: 'create', object: `collection ${step.name}`, detail }
    }
    case 'create-payload-index': {
      const before = step.replaces === null ? '' : request(`DELETE the index (${step.replaces}), `, `DROP INDEX (${step.replaces}), `) // prettier-ignore
      const detail = before + request(`PUT /collections/${step.collection}/index: keyword ${step.index}`, `CREATE INDEX on ${step.index}`) // prettier-ignore
      return { target: engine, action: 'update', object: `collection ${step.collection}`, detail }
    }
    case 'tune-collection': {
      const to = showTuning(step.tuning)[step.part]
      const detail = request(`PATCH /collections/${step.collection} ${step.part}: ${to}`, `DROP INDEX, CREATE INDEX … USING hnsw: ${to}`) // prettier-ignore
      return { target: engine, action: 'update', object: `collection ${step.collection}`, detail }
    }
    case 'set-alias':
      return { target: engine, action: 'update', object: `alias ${step.alias}`, detail: request(`POST /collections/aliases: to ${step.collection}`, `INSERT INTO selfrag_vectors.aliases: to ${step.collection}`) } // prettier-ignore
    case 'adopt-collection':
      return { target: engine, action: 'update', object: `collection ${step.collection}`, detail: `its ownership marker becomes that of ${step.owner.name ?? step.owner.uid}` } // prettier-ignore
  }
}

function showSpec(spec: CollectionSpec): string {
  const dense = spec.dense ? `${spec.dense.dimension} dimensions, ${spec.dense.distance}` : 'no dense vectors'
  const rest = [spec.quantization && `quantization ${spec.quantization}`, spec.onDisk && 'on disk', spec.shardNumber && `${spec.shardNumber} shards`, spec.replicationFactor && `${spec.replicationFactor} replicas`] // prettier-ignore
  return [dense, spec.tenancy, showHnsw(spec.hnsw), ...rest.filter(Boolean)].join(', ')
}

function knowledgeBase(action: PlannedChange['action'], slug: string, name: string, statement: string) {
  return sql(action, `knowledge base ${slug}/${name}`, `${statement} ${tenantSchema(slug)}.knowledge_bases`)
}

function keyRow(action: PlannedChange['action'], slug: string, name: string, statement: string): PlannedChange {
  return sql(action, `API key ${slug}/${name}`, `${statement} ${CONTROL_SCHEMA}.api_keys`)
}

function newKey({ slug, key, replaces }: { slug: string; key: DesiredApiKey; replaces: readonly string[] }) {
  const scope = key.knowledgeBases ? `knowledge bases ${key.knowledgeBases.join(', ')}` : 'all knowledge bases'
  const before = replaces.length > 0 ? `; the one before works for another ${key.overlapSeconds} s` : ''
  return sql('create', `API key ${slug}/${key.name}`, `INSERT INTO ${CONTROL_SCHEMA}.api_keys: role ${key.role}, ${scope}${before}`) // prettier-ignore
}
