import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseRagPipeline, parseRagTenant } from '../../../crds/parse-resource.ts'
import { type Pipeline, type Tenant } from '../../../operator/observe/resources.ts'
import { admission } from '../../../operator/plan/tenant-admission.ts'
import { pipelineManifest, tenantManifest } from '../../support/sample-resources.ts'

const stored = { generation: 1, creationTimestamp: '2026-05-01T00:00:00Z' }

function pipeline(spec: Record<string, unknown> = {}, metadata: object = {}): Pipeline {
  const parsed = parseRagPipeline(pipelineManifest(spec))
  return { ...parsed, metadata: { name: 'demo', ...stored, uid: 'p', namespace: 'platform', ...metadata } }
}

function tenant(namespace: string, metadata: { name?: string; creationTimestamp?: string } = {}): Tenant {
  const pipelineRef = { name: 'demo', namespace: 'platform' }
  const parsed = parseRagTenant(tenantManifest({ pipelineRef }))
  return { ...parsed, metadata: { name: 'acme', ...stored, uid: namespace, namespace, ...metadata } }
}

describe('admission of a tenant to a pipeline', () => {
  const open = pipeline({ allowedTenantNamespaces: ['*'] })

  it('needs the pipeline', () => {
    expect(admission(tenant('platform'), null, [])).to.deep.include({ reason: 'PipelineNotFound' })
    expect(admission(tenant('platform'), pipeline(), [])).to.equal(null)
  })

  it('needs the namespace to be let in', () => {
    const refusal = admission(tenant('team'), pipeline(), [])
    expect(refusal?.reason).to.equal('NamespaceNotAllowed')
    expect(refusal?.message).to.contain('namespace team; add it to its allowedTenantNamespaces')
    expect(admission(tenant('team'), pipeline({ allowedTenantNamespaces: ['team'] }), [])).to.equal(null)
    expect(admission(tenant('team'), open, [])).to.equal(null)
  })

  it('is refused by a pipeline that is being deleted or suspended', () => {
    const going = pipeline({}, { deletionTimestamp: '2026-05-02T00:00:00Z' })
    expect(admission(tenant('platform'), going, [])?.reason).to.equal('PipelineDeleting')
    expect(admission(tenant('platform'), pipeline({ suspend: true }), [])?.reason).to.equal('PipelineSuspended')
  })

  it('gives a slug to the older of two', () => {
    const older = tenant('b', { creationTimestamp: '2026-04-30T23:59:59Z' })
    const newer = tenant('a')
    expect(admission(newer, open, [newer, older])?.reason).to.equal('Conflict')
    expect(admission(newer, open, [newer, older])?.message).to.contain('RagTenant b/acme is older')
    expect(admission(older, open, [newer, older])).to.equal(null)
  })

  it('decides between two of the same second, the same way for both', () => {
    const [one, two] = [tenant('a'), tenant('b')]
    expect(admission(one, open, [one, two])).to.equal(null)
    expect(admission(two, open, [one, two])?.reason).to.equal('Conflict')
  })

  it('has nothing against tenants of other names or other pipelines', () => {
    const older = tenant('b', { creationTimestamp: '2026-04-30T00:00:00Z', name: 'other' })
    const elsewhere = tenant('c', { creationTimestamp: '2026-04-30T00:00:00Z' })
    const moved = { ...elsewhere, spec: { ...elsewhere.spec, pipelineRef: { name: 'another', namespace: 'platform' } } }
    expect(admission(tenant('a'), open, [older, moved])).to.equal(null)
  })
})
