import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AdmissionregistrationV1Api, ApiException, CustomObjectsApi, type KubeConfig, loadAllYaml, type V1ValidatingAdmissionPolicy, type V1ValidatingAdmissionPolicyBinding } from '@kubernetes/client-node' // prettier-ignore
import { expect } from 'chai'
import { after, before, beforeEach, describe, it } from 'mocha'
import { GROUP, VERSION } from '../../crds/definition.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type Pipeline, type Tenant } from '../../operator/observe/resources.ts'
import { type KubernetesError } from '../../operator/runtime/kubernetes-error.ts'
import { type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { eventually } from '../support/eventually.ts'
import { conditionOf, type OperatorWorld } from '../support/operator-world.ts'
import { inOwnWorlds } from '../support/own-worlds.ts'
import { rejection } from '../support/rejection.ts'

type Kind = 'pipelines' | 'tenants'

describe('spec.deletionProtection', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  inOwnWorlds(own => (world = own))
  beforeEach(async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
  })

  const get = (kind: Kind) => (kind === 'pipelines' ? world.pipeline() : world.tenant())
  const protect = async (kind: Kind, deletionProtection: boolean) =>
    world.client.mergePatch(types[kind], (await get(kind)).metadata, { spec: { deletionProtection } })
  const remove = async (kind: Kind) => world.client.delete(types[kind], (await get(kind)).metadata)
  const isGone = (kind: Kind, name: string) =>
    eventually(async () =>
      expect(await world.client.get(types[kind], { namespace: world.namespace, name })).to.equal(null),
    )

  it('has the operator hold what was deleted where no policy is installed, and keep it working', async () => {
    // Another suite may have installed the chart.
    await removePolicy(world.server.kubeConfig())
    await protect('tenants', true)
    await protect('pipelines', true)
    await world.client.mergePatch(types.tenants, (await world.tenant()).metadata, { spec: { deletionPolicy: 'Delete' } }) // prettier-ignore
    for (const kind of ['tenants', 'pipelines'] as const) {
      await remove(kind)
      await eventually(async () => {
        const ready = conditionOf(await get(kind), 'Ready')
        expect(ready).to.include({ status: 'False', reason: 'DeletionProtected' })
        expect(ready?.message).to.contain('set it to false to let the resource go')
      })
    }
    expect(await world.sql('selfrag.tenants').pluck<string[]>('status')).to.deep.equal(['active'])
    expect(await world.secret('acme-reader-key')).to.have.property('api-key')
    await protect('tenants', false)
    await isGone('tenants', 'acme')
    await protect('pipelines', false)
    await isGone('pipelines', 'demo')
  })

  describe('with the policy of config/admission', () => {
    let config: KubeConfig
    before(async () => {
      config = world.server.kubeConfig()
      await installPolicy(config)
    })
    after(() => removePolicy(config))

    for (const [kind, name] of [
      ['tenants', 'acme'],
      ['pipelines', 'demo'],
    ] as const)
      it(`has the API server refuse to delete ${kind}, saying what to do`, async () => {
        await protect(kind, true)
        // The policy is in force some moments after it was stored; until then nothing may really be deleted.
        await eventually(async () => expect(await dryDelete(config, types[kind], await get(kind))).to.equal('refused'), 30_000) // prettier-ignore
        const refusal = (await rejection(remove(kind))) as KubernetesError
        expect([refusal.status, refusal.reason]).to.deep.equal([403, 'Forbidden'])
        const kindWord = kind === 'tenants' ? 'ragtenant' : 'ragpipeline'
        expect(refusal.message).to.contain(
          `${world.namespace}/${name} is protected by spec.deletionProtection; to delete it all the same, first run: kubectl -n ${world.namespace} patch ${kindWord} ${name} --type merge -p '{"spec":{"deletionProtection":false}}'`,
        )
        expect((await get(kind)).metadata.deletionTimestamp).to.equal(undefined)
        await protect(kind, false)
        if (kind === 'pipelines') await remove('tenants')
        await remove(kind)
        await isGone(kind, name)
      })
  })
})

/** As `kubectl delete --dry-run=server` does. */
async function dryDelete(config: KubeConfig, { plural }: ResourceType, { metadata }: Pipeline | Tenant) {
  const { name, namespace } = metadata
  const request = { group: GROUP, version: VERSION, namespace, plural, name, dryRun: 'All' }
  return config
    .makeApiClient(CustomObjectsApi)
    .deleteNamespacedCustomObject(request)
    .then(
      () => 'done',
      (error: unknown) => (error instanceof ApiException && error.code === 403 ? 'refused' : Promise.reject(error as Error)), // prettier-ignore
    )
}

async function documents(): Promise<[V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding]> {
  const text = await readFile(join(import.meta.dirname, '../../config/admission/deletion-protection.yaml'), 'utf8')
  return loadAllYaml(text) as [V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding]
}

async function installPolicy(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(AdmissionregistrationV1Api)
  const [policy, binding] = await documents()
  await removePolicy(config)
  await api.createValidatingAdmissionPolicy({ body: policy })
  await api.createValidatingAdmissionPolicyBinding({ body: binding })
}

/** Suites share the API server. */
async function removePolicy(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(AdmissionregistrationV1Api)
  const name = (await documents())[0].metadata?.name ?? ''
  const unlessMissing = (error: unknown) => {
    if (!(error instanceof ApiException) || error.code !== 404) throw error
  }
  await api.deleteValidatingAdmissionPolicyBinding({ name }).catch(unlessMissing)
  await api.deleteValidatingAdmissionPolicy({ name }).catch(unlessMissing)
}
