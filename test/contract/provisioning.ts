import { after, before, describe } from 'mocha'
import type { ProvisioningStores } from '../../api/provisioning/stores.ts'
import { isolationContract } from './provisioning/isolation.ts'
import { moveContract } from './provisioning/moves.ts'
import { pipelineContract } from './provisioning/pipeline.ts'
import { snapshotContract } from './provisioning/snapshot.ts'
import { tenantContract } from './provisioning/tenant.ts'
import { tenantConflictContract } from './provisioning/tenant-conflicts.ts'
import { tenantDriftContract } from './provisioning/tenant-drift.ts'
import { tenantKeysContract } from './provisioning/tenant-keys.ts'
import { removalContract } from './provisioning/removal.ts'

/** `drop-index`: of `kb_id`; `retype-index`: `document_id` gets one of another kind; `regraph`: m 8, efConstruct 50. */
export type Meddling = 'drop-index' | 'retype-index' | 'regraph'

/** Stores of one suite. Suites may share servers: prefixes and slugs keep them apart, the database is their own. */
export interface ContractStores extends ProvisioningStores {
  /** Does something to a collection behind provisioning's back. */
  readonly meddle: (collection: string, how: Meddling) => Promise<void>
  readonly close: () => Promise<void>
}

export type GetStores = () => ContractStores

/** What provisioning must do with every engine of vectors. */
export function provisioningContract(name: string, open: (this: Mocha.Context) => Promise<ContractStores>): void {
  describe(`provisioning with ${name}`, function () {
    this.timeout(60_000)
    let stores: ContractStores | undefined
    before(async function () {
      stores = await open.call(this)
    })
    after(() => stores?.close())
    const get: GetStores = () => {
      if (!stores) throw new Error('the suite has not been opened')
      return stores
    }
    pipelineContract(get)
    tenantContract(get)
    tenantConflictContract(get)
    tenantDriftContract(get)
    tenantKeysContract(get)
    isolationContract(get)
    moveContract(get)
    removalContract(get)
    snapshotContract(get)
  })
}
