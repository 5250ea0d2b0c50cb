import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { argocdHealth } from '../support/argocd-health.ts'
import { orSkip } from '../support/missing-part.ts'
import { type Manifest, pipelineManifest, tenantManifest } from '../support/sample-resources.ts'
import { toolPath } from '../support/tool.ts'

const root = join(import.meta.dirname, '../..')

type Words = Readonly<Record<string, readonly [status: 'True' | 'False' | 'Unknown', reason: string, message?: string]>>

/** A resource as the operator leaves it, with these conditions. */
function resource(manifest: Manifest, words: Words, { observed = 1, metadata = {} } = {}) {
  const conditions = Object.entries(words).map(([type, [status, reason, message = '']]) => ({
    type,
    status,
    reason,
    message,
    observedGeneration: observed,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }))
  return {
    ...manifest,
    metadata: { ...manifest.metadata, generation: 1, ...metadata },
    status: { observedGeneration: observed, conditions },
  }
}

const pipeline = (words: Words, options?: Parameters<typeof resource>[2]) => resource(pipelineManifest(), words, options) // prettier-ignore
const tenant = (words: Words, spec = {}) => resource(tenantManifest(spec), words)

const still: Words = { Progressing: ['False', 'AsDesired'], Degraded: ['False', 'AsDesired'] }
const cases: { what: string; resource: { kind: string }; status: string; message: string }[] = [
  {
    what: 'a pipeline that serves',
    resource: pipeline({ Ready: ['True', 'AsDesired', 'serves at http://demo-api'], ...still }),
    status: 'Healthy',
    message: 'serves at http://demo-api',
  },
  {
    what: 'a pipeline that serves while pods are replaced',
    resource: pipeline({
      ...still,
      Ready: ['True', 'AsDesired', 'serves'],
      Progressing: ['True', 'RollingOut', 'pods are being started or replaced'],
    }),
    status: 'Progressing',
    message: 'pods are being started or replaced',
  },
  {
    what: 'a resource that nobody has looked at',
    resource: { ...pipelineManifest(), metadata: { name: 'demo', generation: 1 } } as never,
    status: 'Progressing',
    message: 'the operator has not looked at it yet',
  },
  {
    what: 'a resource whose newest change nobody has looked at',
    resource: pipeline({ Ready: ['True', 'AsDesired', 'serves'], ...still }, { metadata: { generation: 2 } }),
    status: 'Progressing',
    message: 'the operator has not seen the newest change yet',
  },
  {
    what: 'a resource that is being deleted',
    resource: pipeline(
      { Ready: ['False', 'TenantsLeft', 'waits for the tenants acme, "beta"\nand gamma\\'] },
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    ),
    status: 'Progressing',
    message: 'waits for the tenants acme, "beta"\nand gamma\\',
  },
  {
    what: 'a suspended pipeline, whatever was so before',
    resource: resource(pipelineManifest({ suspend: true }), { Ready: ['True', 'AsDesired'], Progressing: ['False', 'Suspended'] }, { metadata: { generation: 2 } }), // prettier-ignore
    status: 'Suspended',
    message: 'spec.suspend is true: changes wait until it is false again',
  },
  {
    what: 'a pipeline in plan mode, also while its newest change is only planned',
    resource: pipeline({ ...still, Ready: ['True', 'AsDesired', 'serves'], Progressing: ['False', 'Planned', 'status.plan has 3 changes'] }, { metadata: { generation: 2 } }), // prettier-ignore
    status: 'Suspended',
    message: 'status.plan has 3 changes',
  },
  {
    what: 'a pipeline that was never made and is only planned',
    resource: pipeline({ Ready: ['False', 'Planned', 'planned'], Progressing: ['False', 'Planned', 'planned'] }),
    status: 'Suspended',
    message: 'planned',
  },
  {
    what: 'a pipeline whose Secret the same sync may bring',
    resource: pipeline({ ...still, Ready: ['False', 'SecretMissing', 'Secret team-a/demo-postgres does not exist'], Progressing: ['False', 'Blocked'] }), // prettier-ignore
    status: 'Progressing',
    message: 'Secret team-a/demo-postgres does not exist',
  },
  {
    what: 'a pipeline with a password that is wrong',
    resource: pipeline({ ...still, Ready: ['False', 'AccessRefused', 'the password is wrong'], Progressing: ['False', 'Blocked'] }), // prettier-ignore
    status: 'Degraded',
    message: 'the password is wrong',
  },
  {
    what: 'a pipeline that has lost its database',
    resource: pipeline({ Ready: ['False', 'Unreachable'], Progressing: ['True', 'Retrying'], Degraded: ['True', 'Unreachable', 'pg:5432 refuses'] }), // prettier-ignore
    status: 'Degraded',
    message: 'pg:5432 refuses',
  },
  {
    what: 'a tenant with drift that nobody is to repair',
    resource: tenant({ ...still, Ready: ['True', 'AsDesired'], Degraded: ['True', 'DriftFound', 'role tenant_acme: grant is missing'] }), // prettier-ignore
    status: 'Degraded',
    message: 'role tenant_acme: grant is missing',
  },
  {
    what: 'a tenant before its pipeline',
    resource: tenant({ ...still, Ready: ['False', 'PipelineNotFound', 'RagPipeline default/demo does not exist'], Progressing: ['False', 'Blocked'] }), // prettier-ignore
    status: 'Progressing',
    message: 'RagPipeline default/demo does not exist',
  },
  {
    what: 'a tenant of a suspended pipeline',
    resource: tenant({ ...still, Ready: ['False', 'PipelineSuspended', 'RagPipeline default/demo is suspended'] }),
    status: 'Suspended',
    message: 'RagPipeline default/demo is suspended',
  },
  {
    what: 'a tenant whose keys are refused on purpose',
    resource: tenant({ Ready: ['True', 'AsDesired', 'provisioned; it is suspended'], ...still }, { suspended: true }),
    status: 'Suspended',
    message: 'provisioned; it is suspended',
  },
  {
    what: 'a tenant whose name somebody else has',
    resource: tenant({ ...still, Ready: ['False', 'Conflict', 'the schema is not ours'], Progressing: ['False', 'Blocked'] }), // prettier-ignore
    status: 'Degraded',
    message: 'the schema is not ours',
  },
  {
    what: 'a condition without a message',
    resource: tenant({ Ready: ['True', 'AsDesired'], ...still }),
    status: 'Healthy',
    message: 'ready',
  },
]

describe('the health that Argo CD shows', () => {
  before(async function () {
    this.timeout(300_000)
    await orSkip(this, toolPath('glua'))
  })

  it('knows reasons that the operator gives', async () => {
    const script = await readFile(join(root, 'config/argocd/health.lua'), 'utf8')
    const reasons = [...script.matchAll(/(\w+) = true/g)].map(([, reason]) => reason)
    expect(reasons).to.include('SecretMissing')
    const folders = ['operator/plan', 'api/provisioning']
    const files = (await Promise.all(folders.map(folder => readdir(join(root, folder))))).flatMap((names, index) => names.filter(name => name.endsWith('.ts')).map(name => join(root, folders[index]!, name))) // prettier-ignore
    const source = (await Promise.all(files.map(file => readFile(file, 'utf8')))).join()
    expect(reasons.filter(reason => !source.includes(`'${reason}'`))).to.deep.equal([])
  })

  for (const { what, resource: given, status, message } of cases)
    it(`of ${what} is ${status}`, async () => {
      expect(await argocdHealth(given)).to.deep.equal({ status, message })
    })
})
