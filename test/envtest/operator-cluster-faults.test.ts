import { AdmissionregistrationV1Api, ApiextensionsV1Api, CoreV1Api, EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { afterEach, before, beforeEach, describe, it } from 'mocha'
import { types } from '../../operator/observe/resource-types.ts'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { type Transport } from '../../operator/runtime/kubernetes-transport.ts'
import { type Lease } from '../../operator/runtime/leader-election.ts'
import { installCrds } from '../support/cluster-objects.ts'
import { runJobs, startPods } from '../support/controller-manager.ts'
import { eventually } from '../support/eventually.ts'
import { startKubeApiServer, type TestApiServer } from '../support/kube-apiserver.ts'
import { orSkip } from '../support/missing-part.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { tenantManifest } from '../support/sample-resources.ts'

describe('an operator whose cluster fails', function () {
  this.timeout(120_000)
  let server: TestApiServer
  let world: OperatorWorld

  before(async function () {
    this.timeout(900_000)
    server = await orSkip(this, startKubeApiServer())
  })

  beforeEach(async () => {
    world = await OperatorWorld.make({ server })
  })

  afterEach(async () => {
    await world.dispose()
  })

  const leading = { LEADER_ELECT: 'true', LEASE_SECONDS: '2' }
  const failures = () => world.logs.filter(line => line.includes('reconcile failed')).length
  const tenantIs = (name: string, type: string, expected: object, timeoutMs = 20_000) =>
    eventually(async () => expect(conditionOf(await world.tenant(name), type)).to.include(expected), timeoutMs)
  const events = async (reason: string) => {
    const { items } = await server.kubeConfig().makeApiClient(EventsV1Api).listNamespacedEvent({ namespace: world.namespace }) // prettier-ignore
    return items.filter(event => event.reason === reason).map(({ note = '' }) => note)
  }

  // First: it takes resources of all namespaces along, and those of other tests have an operator no more.
  it('outlives the removal of its CustomResourceDefinition, and works when it is back', async () => {
    const operator = await world.start()
    await world.applySamples()
    await world.becomesReady()
    const api = server.kubeConfig().makeApiClient(ApiextensionsV1Api)
    const name = 'ragtenants.selfrag.io'
    // Its objects go first, each by its finalizer: nobody's data is lost to a `kubectl delete crd`.
    await api.deleteCustomResourceDefinition({ name })
    await eventually(async () => {
      const left = await api.readCustomResourceDefinition({ name }).catch((error: { code: number }) => error.code)
      expect(left).to.equal(404)
    }, 30_000)
    expect(await world.sql('selfrag.tenants').select('slug', 'status')).to.deep.equal([{ slug: 'acme', status: 'disabled' }]) // prettier-ignore
    const health = async () => (await fetch(`http://127.0.0.1:${operator.healthPort}/healthz`)).status
    expect(await health()).to.equal(200)
    await eventually(() => expect(world.logs.join('')).to.contain('cannot follow the API server'))
    expect(failures(), 'failed runs').to.be.below(5)
    await installCrds(server.kubeConfig())
    await world.create(tenantManifest({}))
    // A watch that fails comes back within half a minute.
    await tenantIs('acme', 'Ready', { status: 'True' }, 60_000)
    expect(await world.sql('selfrag.tenants').select('slug', 'status')).to.deep.equal([{ slug: 'acme', status: 'active' }]) // prettier-ignore
  })

  it('goes on after the API server was away, and loses nothing that was wished meanwhile', async () => {
    const operator = await world.start({ env: leading })
    await world.applySamples()
    await world.becomesReady()
    await world.client.mergePatch(types.tenants, (await world.tenant()).metadata, { spec: { displayName: 'Before' } })
    await server.kill()
    await eventually(() => expect(operator.isLeading()).to.equal(false))
    await server.restart()
    await world.client.mergePatch(types.tenants, { namespace: world.namespace, name: 'acme' }, { spec: { displayName: 'After' } }) // prettier-ignore
    await eventually(() => expect(operator.isLeading()).to.equal(true), 30_000)
    await eventually(async () => {
      expect(await world.sql('selfrag.tenants').pluck<string[]>('display_name')).to.deep.equal(['After'])
    }, 60_000)
    await world.becomesReady(30_000)
  })

  it('does not end when the API server fails in the moment in which it begins to lead', async () => {
    let failed = 0
    const transport = (real: Transport): Transport => {
      return async request => {
        if (request.path.includes('/namespaces/kube-system') && failed++ < 2) throw new Error('socket hang up')
        return real(request)
      }
    }
    await world.start({ env: leading, transport })
    await world.applySamples()
    await world.becomesReady()
    expect(failed).to.be.above(2)
  })

  it('tells who refuses its objects, tries seldom, and goes on when nobody does any more', async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    const api = server.kubeConfig().makeApiClient(AdmissionregistrationV1Api)
    const name = `no-secrets-${world.namespace}`
    await api.createValidatingAdmissionPolicy({
      body: {
        metadata: { name },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] }] },
          validations: [{ expression: 'false', message: 'Secrets need a label of their team' }],
        },
      },
    }) // prettier-ignore
    await api.createValidatingAdmissionPolicyBinding({
      body: {
        metadata: { name },
        spec: {
          policyName: name,
          validationActions: ['Deny'],
          matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': world.namespace } } },
        },
      },
    })
    try {
      const probe = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'probe' } }
      await eventually(async () => {
        const refusal = await world.create(probe).then(
          () => null,
          (error: Error) => error.message,
        )
        await world.client.delete(types.secrets, { namespace: world.namespace, name: 'probe' })
        expect(refusal).to.contain('label of their team')
      }, 30_000)
      const before = failures()
      const key = { name: 'reader', role: 'read', secretName: 'guarded-key' }
      await world.create(tenantManifest({ apiKeys: [key] }, 'guarded'))
      await tenantIs('guarded', 'Ready', { status: 'False', reason: 'Refused' })
      expect(conditionOf(await world.tenant('guarded'), 'Ready')?.message).to.contain('Secrets need a label of their team') // prettier-ignore
      expect(conditionOf(await world.tenant('guarded'), 'Degraded')).to.include({ status: 'True', reason: 'Refused' })
      await eventually(() => expect(failures() - before).to.be.at.least(3))
      expect(await world.sql('selfrag.api_keys').where({ name: 'reader' }).whereNull('revoked_at'), 'keys that nobody has').to.have.length(1) // prettier-ignore
      expect(failures() - before, 'attempts').to.be.below(8)
    } finally {
      await api.deleteValidatingAdmissionPolicyBinding({ name })
      await api.deleteValidatingAdmissionPolicy({ name })
    }
    await tenantIs('guarded', 'Ready', { status: 'True' }, 60_000)
    expect(await world.secret('guarded-key')).to.have.property('api-key')
  })

  it('tells that a namespace is being terminated, and lets everything in it go', async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    // A Secret of somebody's with a finalizer keeps the namespace from going. Nobody empties it here: no controller-manager.
    const core = server.kubeConfig().makeApiClient(CoreV1Api)
    await core.deleteNamespace({ name: world.namespace })
    await world.client.delete(types.secrets, { namespace: world.namespace, name: 'acme-reader-key' })
    await tenantIs('acme', 'Ready', { status: 'False', reason: 'NamespaceTerminating' })
    expect(conditionOf(await world.tenant(), 'Ready')?.message).to.contain('because it is being terminated')
    const before = failures()
    await world.client.delete(types.tenants, (await world.tenant()).metadata)
    await world.client.delete(types.pipelines, (await world.pipeline()).metadata)
    await eventually(async () => {
      for (const type of [types.tenants, types.pipelines])
        expect((await world.client.list(type, { namespace: world.namespace })).items).to.deep.equal([])
    }, 30_000)
    expect(failures() - before).to.be.below(5)
    expect(await world.sql('selfrag.tenants').pluck<string[]>('status')).to.deep.equal(['disabled'])
  })

  it('gets back a finalizer that somebody took away, and finds out when it came too late', async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    const finalizers = async () => (await world.tenant()).metadata.finalizers
    const setFinalizers = async (names: readonly string[]) =>
      world.client.mergePatch(types.tenants, { namespace: world.namespace, name: 'acme' }, { metadata: { finalizers: names } }) // prettier-ignore
    await setFinalizers(['example.com/theirs'])
    await eventually(async () => expect(await finalizers()).to.have.members(['example.com/theirs', 'selfrag.io/tenant'])) // prettier-ignore
    // Away for good: the operator cannot see that the tenant is deleted before it is gone.
    await world.stopOperators()
    await world.client.delete(types.tenants, (await world.tenant()).metadata)
    await setFinalizers([])
    await world.start()
    await world.create(tenantManifest({}))
    await tenantIs('acme', 'Ready', { status: 'False', reason: 'Conflict' })
    expect(conditionOf(await world.tenant(), 'Ready')?.message).to.contain('selfrag.io/adopt: "true"')
    await world.client.mergePatch(types.tenants, { namespace: world.namespace, name: 'acme' }, { metadata: { annotations: { 'selfrag.io/adopt': 'true' } } }) // prettier-ignore
    await tenantIs('acme', 'Ready', { status: 'True' })
  })

  it('keeps leading while the clock on the wall jumps', async () => {
    let offset = 0
    const now = () => new Date(Date.now() + offset)
    const first = await world.start({ env: { ...leading, POD_NAME: 'first' }, now })
    await eventually(() => expect(first.isLeading()).to.equal(true))
    const second = await world.start({ env: { ...leading, POD_NAME: 'second' } })
    await world.applySamples()
    await world.becomesReady()
    const lease = () =>
      world.client.get<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true }, { namespace: world.namespace, name: 'selfrag-operator' }) // prettier-ignore
    for (const jump of [3_600_000, -86_400_000, 0]) {
      offset = jump
      const before = (await lease())?.metadata.resourceVersion
      await eventually(async () => expect((await lease())?.metadata.resourceVersion).not.to.equal(before))
      await eventually(async () => {
        const renewed = Date.parse((await lease())?.spec?.renewTime ?? '')
        expect(Math.abs(renewed - Date.now() - jump)).to.be.below(10_000)
      })
      expect([first.isLeading(), second.isLeading()]).to.deep.equal([true, false])
    }
    expect((await lease())?.spec?.leaseTransitions).to.equal(0)
  })

  it('says that an image never becomes ready, keeps what serves, and is through with one that does', async () => {
    const without = await OperatorWorld.make({ server, pods: false })
    try {
      await without.start()
      await without.applySamples()
      const ref = { namespace: without.namespace, name: 'demo-api' }
      const deployment = () =>
        eventually(async () => {
          await runJobs(without.client, without.namespace)
          return present(await without.client.get(types.deployments, ref), 'the Deployment')
        })
      const rolls = (generation: number) =>
        eventually(async () => expect((await deployment()).metadata.generation).to.equal(generation))
      await deployment()
      await startPods(without.client, without.namespace)
      await without.becomesReady()
      await without.client.mergePatch(types.pipelines, (await without.pipeline()).metadata, { spec: { image: 'selfrag-api:broken' } }) // prettier-ignore
      await rolls(2)
      // As kube-controller-manager tells it after progressDeadlineSeconds: the old pod serves, the new one does not start.
      const timedOut = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'ReplicaSet "demo-api-5d4f" has timed out progressing.' } // prettier-ignore
      const available = { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: '' }
      const counts = { observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, unavailableReplicas: 1 } // prettier-ignore
      await without.client.mergePatch(types.deployments, ref, { status: { ...counts, conditions: [available, timedOut] } }, { subresource: 'status' }) // prettier-ignore
      await eventually(async () => {
        const pipeline = await without.pipeline()
        expect(conditionOf(pipeline, 'Degraded')).to.include({ status: 'True', reason: 'RolloutStuck', message: timedOut.message }) // prettier-ignore
        expect(conditionOf(pipeline, 'APIAvailable'), 'the old pod').to.include({ status: 'True' })
        expect(conditionOf(pipeline, 'Progressing')).to.include({ status: 'True', reason: 'RollingOut' })
      })
      await without.client.mergePatch(types.pipelines, (await without.pipeline()).metadata, { spec: { image: 'selfrag-api:mended' } }) // prettier-ignore
      await rolls(3)
      await startPods(without.client, without.namespace)
      await eventually(async () => {
        const pipeline = await without.pipeline()
        expect(conditionOf(pipeline, 'Degraded')?.status).to.equal('False')
        expect(conditionOf(pipeline, 'Progressing')?.status).to.equal('False')
      })
    } finally {
      await without.dispose()
    }
  })

  it('bounds what it tells of thousands of differences, and its status is taken', async () => {
    const env = Array.from({ length: 60 }, (_, index) => ({ name: `VALUE_${index}`, value: 'x'.repeat(8_000) }))
    await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples(pipeline => {
      const { spec } = pipeline as unknown as { spec: Record<string, unknown> }
      Object.assign(spec, { driftPolicy: 'Warn', api: { env }, worker: { env } })
    })
    await world.becomesReady(30_000)
    for (const name of ['demo-api', 'demo-worker']) {
      const live = (await world.client.get(types.deployments, { namespace: world.namespace, name })) as unknown as { spec: { template: { spec: { containers: { name: string; env: { name: string; value?: string }[] }[] } } } } // prettier-ignore
      const containers = live.spec.template.spec.containers.map(container => ({ ...container, env: container.env.map(variable => (variable.name.startsWith('VALUE_') ? { ...variable, value: 'y'.repeat(8_000) } : variable)) })) // prettier-ignore
      await world.client.mergePatch(types.deployments, { namespace: world.namespace, name }, { spec: { template: { spec: { containers } } } }) // prettier-ignore
    }
    await eventually(async () => {
      const pipeline = await world.pipeline()
      expect(conditionOf(pipeline, 'Degraded')).to.include({ status: 'True', reason: 'DriftFound' })
      expect(pipeline.status?.drift?.length).to.equal(64)
      expect(JSON.stringify(pipeline.status).length, 'bytes of status').to.be.below(600_000)
    }, 30_000)
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, {
      spec: { driftPolicy: 'Enforce' },
    })
    await world.becomesReady(30_000)
  })

  it('tells by an Event when an object is too large to take a status', async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    // What there is of a status makes room for wishes, which leave none for another one in what etcd takes: 1.5 MB.
    await world.stopOperators()
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { status: null }, { subresource: 'status' }) // prettier-ignore
    const filler = { metadata: { annotations: {} as Record<string, string> } }
    const env = (length: number) => Array.from({ length: 64 }, (_, index) => ({ name: `VALUE_${index}`, value: 'x'.repeat(length) })) // prettier-ignore
    const grow = (length: number) =>
      world.client.mergePatch<KubernetesObject>(types.pipelines, { namespace: world.namespace, name: 'demo' }, { ...filler, spec: { api: { env: env(length) }, worker: { env: env(length) } } }) // prettier-ignore
    let [fits, tooLong] = [8_000, 16_000]
    const probe = async (length: number) => {
      const taken = await grow(length).then(() => true, () => false) // prettier-ignore
      if (taken) fits = Math.max(fits, length)
      else tooLong = Math.min(tooLong, length)
    }
    // Each takes the server most of a second: it is begun where etcd's limit of 1.5 MiB should be.
    const guess = fits + Math.floor((1.5 * 2 ** 20 - JSON.stringify(await grow(fits)).length) / 128)
    for (const length of [guess - 128, guess + 128]) await probe(length)
    // Less room than the smallest status: 128 values of one or two characters.
    while (tooLong - fits > 2) await probe(Math.floor((fits + tooLong) / 2))
    await world.start()
    await eventually(async () => expect((await events('StatusNotWritten')).join()).to.match(/too large|request is too large|Limit/i), 30_000) // prettier-ignore
    const before = failures()
    await world.client.mergePatch(types.pipelines, { namespace: world.namespace, name: 'demo' }, { spec: { api: { env: [] }, worker: { env: [] } } }) // prettier-ignore
    await world.becomesReady(60_000)
    expect(before, 'attempts').to.be.below(15)
  })
})
