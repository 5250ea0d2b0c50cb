import { noVault } from '../../api/provisioning/desired.ts'
import { ownerOf } from '../../api/provisioning/from-resource.ts'
import { observeTenantRow } from '../../api/provisioning/observe-tenant.ts'
import { planWithdrawal } from '../../api/provisioning/plan-withdrawal.ts'
import { sameOwner } from '../../api/contract/ownership.ts'
import { settleStores } from '../apply/settle-stores.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { observeSecrets } from '../observe/secrets.ts'
import { storeAddress } from '../plan/store-address.ts'
import { type Refusal } from '../plan/tenant-admission.ts'
import { nothingLookedAt, type TenantReport } from '../plan/tenant-report.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { applyContext } from './conclusion.ts'
import { type OperatorContext } from './context.ts'

/** Refuses the keys of a tenant that was let in once and is not any more; says whether they are refused. */
export async function withdrawTenant(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline,
  refusal: Refusal,
): Promise<TenantReport> {
  const secrets = await observeSecrets(context.client, pipeline.metadata.namespace, referencedSecrets(pipeline))
  const address = storeAddress(pipeline, secrets)
  const waiting = (state: string) => ({ reason: refusal.reason, message: `${refusal.message}; ${state}` })
  const unreached = 'until the database of the pipeline can be reached, its keys go on working'
  if (!address) return { ...nothingLookedAt, waiting: waiting(unreached) }
  const owner = ownerOf(tenant, context.cluster)
  try {
    const { observed: row } = await context.withStores(objectKey(pipeline.metadata), address, stores =>
      settleStores({
        stores,
        observe: () => observeTenantRow(stores, tenant.metadata.name),
        plan: found => planWithdrawal(owner, found),
        policy: 'Enforce',
        context: applyContext(context, tenant, noVault),
        hooks: context.hooks,
      }),
    )
    const had = row !== null && sameOwner(row.owner, owner)
    return {
      ...nothingLookedAt,
      waiting: had ? waiting('until then its keys are refused, and its data stays') : refusal,
    }
  } catch (error) {
    const fault = context.faultOf(error)
    if (!fault) throw error
    return { ...nothingLookedAt, fault, waiting: waiting(`${unreached} (${fault.message})`) }
  }
}
