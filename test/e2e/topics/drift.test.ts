import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type V1ConfigMap } from '@kubernetes/client-node'
import { type Pipeline, type Tenant } from '../../../operator/observe/resources.ts'
import { eventually } from '../../support/eventually.ts'
import { covers } from '../support/coverage.ts'
import { apiImage, changeDemo, type Demo, DEMO_DATABASE, demo } from '../support/demo.ts'
import { get, kubectl, read } from '../support/kubectl.ts'
import { type Stores, stores } from '../support/stores.ts'

const TIMEOUT = 120_000

describe('drift and plans', () => {
  let sample: Demo
  let servers: Stores
  before(async function () {
    this.timeout(400_000)
    sample = await demo()
    servers = await stores()
  })

  it('in the cluster is repaired at once, and told in an Event', async function () {
    this.timeout(TIMEOUT)
    const image = await apiImage()
    await kubectl(['set', 'image', 'deployment/demo-api', '*=somebody/else:1', '--namespace', sample.namespace])
    await kubectl(['delete', 'service', 'demo-api', '--namespace', sample.namespace])
    await eventually(async () => {
      expect(await apiImage()).to.equal(image)
      expect(await get('service', 'demo-api', sample.namespace)).to.not.equal(null)
      const told = await kubectl(['get', 'events.events.k8s.io', '--namespace', sample.namespace, '-o', 'jsonpath={range .items[?(@.reason=="DriftRepaired")]}{.note}{"\\n"}{end}']) // prettier-ignore
      expect(told).to.contain('Deployment/demo-api').and.to.contain('somebody/else:1').and.to.contain('Service/demo-api') // prettier-ignore
    }, TIMEOUT)
    await kubectl(['rollout', 'status', 'deployment/demo-api', '--namespace', sample.namespace, '--timeout=90s'])
    covers('drift-cluster')
  })

  it('in Postgres is told under Warn and repaired under Enforce', async function () {
    this.timeout(TIMEOUT)
    await changeDemo({ driftPolicy: 'Warn' })
    await servers.sql(DEMO_DATABASE, 'DROP INDEX selfrag.jobs_document')
    const [role = ''] = await servers.sql(DEMO_DATABASE, `SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'tenant_acme'`) // prettier-ignore
    await servers.sql(DEMO_DATABASE, `ALTER ROLE ${role} LOGIN`)
    await eventually(async () => {
      const { status } = await read<Pipeline>('ragpipeline', sample.pipeline, sample.namespace)
      expect(status?.drift?.map(({ field }) => field)).to.include('index jobs_document')
      const tenant = await read<Tenant>('ragtenant', sample.tenant, sample.namespace)
      expect(tenant.status?.drift?.map(({ found }) => found)).to.include('LOGIN')
    }, TIMEOUT)
    await changeDemo({ driftPolicy: 'Enforce' })
    await eventually(async () => {
      expect(await servers.sql(DEMO_DATABASE, `SELECT indexname FROM pg_indexes WHERE indexname = 'jobs_document'`)).to.deep.equal(['jobs_document']) // prettier-ignore
      expect(await servers.sql(DEMO_DATABASE, `SELECT rolcanlogin FROM pg_roles WHERE rolname = '${role}'`)).to.deep.equal(['f']) // prettier-ignore
      for (const [kind, name] of [
        ['ragpipeline', sample.pipeline],
        ['ragtenant', sample.tenant],
      ] as const)
        // prettier-ignore
        expect((await read<Pipeline | Tenant>(kind, name, sample.namespace)).status).not.to.have.property('drift')
    }, TIMEOUT)
    covers('drift-postgres')
  })

  it('is planned when the resource asks for a plan, and nothing is done until it does no more', async function () {
    this.timeout(TIMEOUT)
    await kubectl(['annotate', 'ragpipeline', sample.pipeline, 'selfrag.io/plan=true', '--namespace', sample.namespace])
    await changeDemo({ retrieval: { topK: 7 } })
    await eventually(async () => {
      const { status, metadata } = await read<Pipeline>('ragpipeline', sample.pipeline, sample.namespace)
      expect(status?.plan?.generation).to.equal(metadata.generation)
      expect(status?.plan?.changes.map(({ object, detail }) => `${object} ${detail}`).join('\n')).to.contain('RETRIEVAL_TOP_K') // prettier-ignore
      expect(status?.conditions?.find(({ type }) => type === 'Progressing')?.reason).to.equal('Planned')
    }, TIMEOUT)
    expect(await topK()).to.not.equal('7')
    await kubectl(['annotate', 'ragpipeline', sample.pipeline, 'selfrag.io/plan-', '--namespace', sample.namespace])
    await eventually(async () => expect(await topK()).to.equal('7'), TIMEOUT)
    await kubectl(['rollout', 'status', 'deployment/demo-api', '--namespace', sample.namespace, '--timeout=90s'])
    const { status } = await read<Pipeline>('ragpipeline', sample.pipeline, sample.namespace)
    expect(status).not.to.have.property('plan')
    covers('plan')
  })

  async function topK(): Promise<string | undefined> {
    return (await read<V1ConfigMap>('configmap', 'demo-config', sample.namespace)).data?.['RETRIEVAL_TOP_K']
  }
})
