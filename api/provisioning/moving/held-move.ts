import { keepMove, type MoveChanges } from '../../stores/postgres/isolation-moves.ts'
import type { IsolationMoveRow, TenantRow } from '../../stores/postgres/rows.ts'
import { TenantScope } from '../../stores/postgres/tenant-scope.ts'
import { pointId } from '../../stores/vectors/point-id.ts'
import { VectorScope } from '../../stores/vectors/vector-scope.ts'
import type { VectorPoint } from '../../stores/vectors/vector-store.ts'
import type { Actor, ProvisioningStores } from '../stores.ts'

/** Another worker is at the move, or somebody has cancelled it: whatever this one was about to write must not be written. */
export class MoveLost extends Error {
  override readonly name = 'MoveLost'
}

/** A move that this worker is at. */
export class HeldMove {
  readonly stores: ProvisioningStores
  readonly row: IsolationMoveRow
  readonly tenant: TenantRow
  readonly source: VectorScope
  readonly target: VectorScope
  readonly actor: Actor
  readonly #generation: number

  /** @param generation of the target, which is part of a point's id there */
  constructor(stores: ProvisioningStores, row: IsolationMoveRow, tenant: TenantRow, generation: number) {
    this.stores = stores
    this.row = row
    this.tenant = tenant
    this.source = new VectorScope(row.source, tenant.id, 'all')
    this.target = new VectorScope(row.target, tenant.id, 'all')
    this.actor = {
      type: 'system',
      name: 'isolation move',
      ...(row.request_id !== null && { requestId: row.request_id }),
    }
    this.#generation = generation
  }

  get scope(): TenantScope {
    return new TenantScope(this.tenant)
  }

  /** @throws MoveLost */
  async keep(changes: MoveChanges = {}): Promise<void> {
    if (await keepMove(this.stores.database, this.row, changes)) return
    throw new MoveLost(`the move of tenant ${this.tenant.slug} was taken up by another worker, or cancelled`)
  }

  /** Points as they are in the target. Asked for the right to write them at the last moment. @throws MoveLost */
  async write(points: readonly VectorPoint[]): Promise<string[]> {
    await this.keep()
    const moved = points.map(point => ({ ...point, id: pointId(point.chunkId, this.#generation) }))
    await this.stores.vectors.upsert(this.target, moved)
    return moved.map(({ id }) => id)
  }
}
