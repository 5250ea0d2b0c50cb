import { CONTROL_SCHEMA, tenantSchema, VECTOR_SCHEMA } from '../contract/names.ts'
import type { PlannedChange, PlanWords } from './planned-change.ts'
import type { StepOf } from './steps.ts'

type RemovalStep = StepOf<
  | 'release-tenant'
  | 'disable-tenant'
  | 'archive-schema'
  | 'archive-points'
  | 'drop-archive'
  | 'drop-schema'
  | 'drop-role'
  | 'cancel-move'
  | 'delete-points'
  | 'delete-collection'
  | 'delete-tenant'
  | 'release-pipeline'
  | 'drop-control-schema'
>

/** The steps of a removal, with how much each would erase. Pure. */
export function describeRemoval(step: RemovalStep, { engine, erasure }: PlanWords): PlannedChange[] {
  const sql = (action: PlannedChange['action'], object: string, detail: string): PlannedChange[] => [
    { target: 'postgres', action, object, detail },
  ]
  switch (step.kind) {
    case 'release-tenant':
      return sql('update', `tenant ${step.slug}`, `it is disabled and becomes one that HTTP may change, its declared keys are refused; all data stays: UPDATE ${CONTROL_SCHEMA}.tenants, api_keys`) // prettier-ignore
    case 'disable-tenant':
      return sql('update', `tenant ${step.slug}`, `UPDATE ${CONTROL_SCHEMA}.tenants SET status = disabled`)
    case 'cancel-move':
      return sql(
        'update',
        `the move of tenant ${step.slug}`,
        `it is cancelled: UPDATE ${CONTROL_SCHEMA}.isolation_moves`,
      )
    case 'archive-schema':
      return sql('update', `schema ${tenantSchema(step.slug)}`, `it becomes an archive that only the operator's role can read${counted(erasure?.rows, 'rows')}: ALTER SCHEMA … RENAME TO ${step.archive}`) // prettier-ignore
    case 'archive-points':
      return sql('create', `table ${step.archive}.archived_points`, `copies the points of tenant ${step.slug} from collection ${step.collection}${counted(erasure?.points[step.collection], 'points')}`) // prettier-ignore
    case 'drop-archive':
      return sql('delete', `schema ${step.archive}`, `a snapshot of an earlier tenant of this resource: DROP SCHEMA ${step.archive} CASCADE`) // prettier-ignore
    case 'drop-schema':
      return sql('delete', `schema ${tenantSchema(step.slug)}`, `DROP SCHEMA ${tenantSchema(step.slug)} CASCADE${counted(erasure?.rows, 'rows')}`) // prettier-ignore
    case 'drop-role':
      return sql('delete', `role of ${tenantSchema(step.slug)}`, 'DROP ROLE')
    case 'delete-points': {
      const detail = `deletes the points of tenant ${step.slug}${counted(erasure?.points[step.collection], 'points')}`
      return [{ target: engine, action: 'delete', object: `points in collection ${step.collection}`, detail }]
    }
    case 'delete-collection': {
      const request = engine === 'qdrant' ? `DELETE /collections/${step.collection}` : 'DROP TABLE of the collection'
      const detail = `${request}${counted(erasure?.points[step.collection], 'points')}`
      return [{ target: engine, action: 'delete', object: `collection ${step.collection}`, detail }]
    }
    case 'delete-tenant':
      return sql('delete', `tenant ${step.slug}`, `DELETE FROM ${CONTROL_SCHEMA}.tenants, api_keys, jobs, usage${counted(erasure?.controlRows, 'rows')}`) // prettier-ignore
    case 'release-pipeline':
      return sql('update', `schema ${CONTROL_SCHEMA}`, 'notes who it belonged to, so that a RagPipeline of the same name takes it back; all data stays') // prettier-ignore
    case 'drop-control-schema':
      return sql('delete', `schema ${CONTROL_SCHEMA}`, `DROP SCHEMA ${CONTROL_SCHEMA} CASCADE, with the job queue${engine === 'pgvector' ? ` and ${VECTOR_SCHEMA}` : ''}${counted(erasure?.controlRows, 'rows')}`) // prettier-ignore
  }
}

function counted(number: number | undefined, what: string): string {
  return number === undefined ? '' : ` (${number} ${what})`
}
