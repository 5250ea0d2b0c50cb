import { z } from 'zod'
import type { IsolationMoveRow, TenantRow } from '../../stores/postgres/rows.ts'
import { tenantParams } from '../identifier.ts'
import { defineRoute } from '../route.ts'

/** Where a tenant's vectors are, and their move to another collection. */

const tags = ['admin']
const isolationSchema = z.enum(['Auto', 'Shared', 'Dedicated'])

const moveSchema = z.object({
  from: z.string(),
  to: z.string(),
  phase: z
    .enum(['copying', 'catching-up', 'settling', 'clearing', 'done', 'cancelled'])
    .describe('In the second and third, documents wait for some seconds; searches never do. See docs/tenancy.md.'),
  points_copied: z.int(),
  points_total: z.int().nullable().describe('When copying began; null: it has not.'),
  error: z.string().nullable().describe('Why it does not go on; it is tried again.'),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
})

const placeSchema = z.object({
  isolation: isolationSchema.describe('What is asked for.'),
  collection: z.string().describe('Alias of the collection that answers now.'),
  move: moveSchema.nullable().describe('The last one, under way or over.'),
})

export const getTenantIsolation = defineRoute({
  method: 'get',
  path: '/admin/tenants/{id}/isolation',
  operationId: 'getTenantIsolation',
  summary: 'Show where a tenant’s vectors are, and how far a move is',
  tags,
  auth: 'admin',
  params: tenantParams,
  responses: { 200: { description: 'The place and the last move.', schema: placeSchema } },
  errors: ['TENANT_NOT_FOUND'],
  async handler({ params, services }) {
    return {
      status: 200,
      body: showPlace(await services.tenants.get(params.id), await services.tenants.move(params.id)),
    }
  },
})

export const moveTenant = defineRoute({
  method: 'post',
  path: '/admin/tenants/{id}/isolation',
  operationId: 'moveTenant',
  summary: 'Move a tenant’s vectors to a collection of its own, or back',
  description:
    'A worker does it while the tenant is served; GET tells how far it is. `Auto` leaves them where they are.',
  tags,
  auth: 'admin',
  params: tenantParams,
  body: z.strictObject({ isolation: isolationSchema }),
  responses: { 202: { description: 'Begun, under way already, or nothing to do.', schema: placeSchema } },
  errors: ['TENANT_NOT_FOUND', 'CONFLICT', 'KB_CONFIG_ERROR'],
  async handler({ params, body, caller, requestId, services }) {
    const tenant = await services.tenants.isolate(params.id, body.isolation, { caller, requestId })
    return { status: 202, body: showPlace(tenant, await services.tenants.move(params.id)) }
  },
})

function showPlace({ isolation, collection }: TenantRow, move: IsolationMoveRow | null): z.output<typeof placeSchema> {
  return { isolation, collection, move: move && showMove(move) }
}

function showMove(move: IsolationMoveRow): z.output<typeof moveSchema> {
  return {
    from: move.source,
    to: move.target,
    phase: move.phase,
    points_copied: Number(move.copied),
    points_total: move.total === null ? null : Number(move.total),
    error: move.error,
    started_at: move.created_at.toISOString(),
    finished_at: move.finished_at?.toISOString() ?? null,
  }
}
