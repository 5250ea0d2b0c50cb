import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type Pipeline } from '../../../operator/observe/resources.ts'
import { eventually } from '../../support/eventually.ts'
import { covers } from '../support/coverage.ts'
import { changeDemo, type Demo, DEMO_DATABASE, demo, storesOf } from '../support/demo.ts'
import { eventAbout } from '../support/events.ts'
import { apply, get, kubectl, read, waitFor } from '../support/kubectl.ts'
import { restrictedNamespace } from '../support/operator.ts'
import { type Stores, stores } from '../support/stores.ts'
import { Team } from '../support/team.ts'

const QUESTION = 'Where is the archive of the lighthouse keeper?'
const ANSWER = 'The archive of the lighthouse keeper is in the cellar.'
const FAREWELL = 'farewell'

describe('a deletion', () => {
  let sample: Demo
  let servers: Stores
  let team: Team
  before(async function () {
    this.timeout(400_000)
    sample = await demo()
    servers = await stores()
    team = await Team.settled('leaver', ANSWER)
  })

  it('of what is protected is refused by the API server', async () => {
    await team.change({ deletionProtection: true })
    await changeDemo({ deletionProtection: true })
    for (const [kind, name] of [
      ['ragtenant', team.name],
      ['ragpipeline', sample.pipeline],
    ] as const) {
      expect(await refusal(kind, name)).to.contain('is protected by spec.deletionProtection')
      expect((await read(kind, name, sample.namespace)).metadata).not.to.have.property('deletionTimestamp')
    }
    await team.change({ deletionProtection: false })
    await changeDemo({ deletionProtection: false })
    covers('deletion-protection')
  })

  it('with Retain keeps the data, refuses the keys, and the same resource has it again', async () => {
    const key = await team.key()
    await team.leaves()
    await team.soon(key, 401)
    expect(await rowsOf('documents')).to.equal(1)
    await team.arrives()
    expect(await team.passages(QUESTION)).to.contain(ANSWER)
    covers('deletion-retain')
  })

  it('with Snapshot keeps the data apart, and the tenant comes back from there', async function () {
    this.timeout(180_000)
    await team.change({ deletionPolicy: 'Snapshot' })
    await team.leaves()
    const kept = /^kept \d+ rows and [1-9]\d* points in schema snapshot_[0-9a-f]{32}; erased/
    const receipt = await eventAbout(team.name, team.namespace, 'ErasureReceipt', kept)
    expect(await servers.sql(DEMO_DATABASE, `SELECT nspname FROM pg_namespace WHERE nspname = 'tenant_leaver'`)).to.deep.equal([]) // prettier-ignore
    await team.arrives({ 'selfrag.io/restore': /snapshot_[0-9a-f]{32}/.exec(receipt)![0] })
    expect(await team.passages(QUESTION)).to.contain(ANSWER)
    covers('deletion-snapshot')
  })

  it('with Delete erases everything, and says so in a receipt', async function () {
    this.timeout(180_000)
    await team.change({ deletionPolicy: 'Delete' })
    await team.leaves()
    const erased =
      /^erased [1-9]\d* rows, [1-9]\d* points and \d+ snapshots; counted again after that, nothing is left$/
    await eventAbout(team.name, team.namespace, 'ErasureReceipt', erased)
    const audited = await servers.sql(DEMO_DATABASE, `SELECT count(*) FROM selfrag.audit_log WHERE action = 'erasure-receipt' AND target LIKE '%leaver%'`) // prettier-ignore
    expect(Number(audited[0])).to.be.at.least(2)
    const left = `SELECT nspname FROM pg_namespace WHERE nspname = 'tenant_leaver' OR nspname LIKE 'snapshot\\_%'`
    expect(await servers.sql(DEMO_DATABASE, left)).to.deep.equal([])
    covers('deletion-erasure')
  })

  it('of a pipeline waits for its tenants, says for which, and then takes everything along', async function () {
    this.timeout(240_000)
    await apply(restrictedNamespace(FAREWELL))
    const spec = await storesOf(servers, FAREWELL, FAREWELL)
    const { spec: like } = await read<Pipeline>('ragpipeline', sample.pipeline, sample.namespace)
    // Without pods: they have nothing to do here.
    const without = { api: { replicas: 0 }, worker: { replicas: 0 } }
    await apply(
      resource('RagPipeline', 'short', { models: like.models, ...spec, ...without, deletionPolicy: 'Delete' }),
      resource('RagTenant', 'last', { pipelineRef: { name: 'short' }, deletionPolicy: 'Delete' }),
    )
    await waitFor('condition=Ready', 'ragtenant/last', FAREWELL, 120)
    await kubectl(['delete', 'ragpipeline', 'short', '--namespace', FAREWELL, '--wait=false'])
    await eventually(async () => {
      const { status } = await read<Pipeline>('ragpipeline', 'short', FAREWELL)
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'TenantsLeft' })
      expect(ready?.message).to.contain(`${FAREWELL}/last`)
    }, 40_000)
    await kubectl(['delete', 'ragtenant', 'last', '--namespace', FAREWELL, '--timeout=60s'])
    await eventually(async () => expect(await get('ragpipeline', 'short', FAREWELL)).to.equal(null), 60_000, 500)
    const schemas = `SELECT nspname FROM pg_namespace WHERE nspname = 'selfrag' OR nspname LIKE 'tenant\\_%'`
    expect(await servers.sql(FAREWELL, schemas)).to.deep.equal([])
    covers('deletion-pipeline')
  })

  function resource(kind: string, name: string, spec: object): object {
    return { apiVersion: 'selfrag.io/v1alpha1', kind, metadata: { name, namespace: FAREWELL }, spec }
  }

  async function rowsOf(table: string): Promise<number> {
    return Number((await servers.sql(DEMO_DATABASE, `SELECT count(*) FROM tenant_leaver.${table}`))[0])
  }

  /** What the API server says to a deletion. */
  function refusal(kind: string, name: string): Promise<string> {
    return kubectl(['delete', kind, name, '--namespace', sample.namespace, '--wait=false']).then(
      () => 'nothing',
      (error: Error) => error.message,
    )
  }
})
