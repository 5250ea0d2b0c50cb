import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type V1Lease, type V1Pod } from '@kubernetes/client-node'
import { eventually } from '../support/eventually.ts'
import { type ClientPod, clientPod } from './support/client-pod.ts'
import { covers } from './support/coverage.ts'
import { type Demo, demo } from './support/demo.ts'
import { kubectl, list, read } from './support/kubectl.ts'
import { OPERATOR_NAMESPACE } from './support/operator.ts'

describe('an installation', () => {
  let sample: Demo
  let client: ClientPod
  before(async function () {
    this.timeout(400_000)
    sample = await demo()
    client = await clientPod()
  })

  it('runs two operators, of which one leads, with few rights', async () => {
    const pods = await list<V1Pod>('pods', OPERATOR_NAMESPACE, 'app.kubernetes.io/component=operator')
    expect(pods).to.have.length(2)
    const lease = await read<V1Lease>('lease', 'selfrag-operator', OPERATOR_NAMESPACE)
    const leader = lease.spec!.holderIdentity!.replace(/_\d+$/, '')
    expect(pods.map(({ metadata }) => metadata!.name)).to.include(leader)
    const account = `system:serviceaccount:${OPERATOR_NAMESPACE}:selfrag-operator`
    for (const [verb, what] of [
      ['create', 'pods'],
      ['create', 'clusterrolebindings'],
      ['escalate', 'clusterroles'],
      ['delete', 'deployments'],
    ])
      // prettier-ignore
      expect(await mayI(account, verb!, what!), `${verb} ${what}`).to.equal('no')
    covers('install')
  })

  it('shows pipeline and tenant as a person wants to see them', async () => {
    const table = await kubectl(['get', 'ragp,ragt', '--namespace', sample.namespace])
    expect(table)
      .to.match(/ragpipeline\.selfrag\.io\/demo +True/)
      .and.to.contain(sample.url)
    expect(table).to.match(/ragtenant\.selfrag\.io\/acme +True/)
    expect(await kubectl(['explain', 'ragpipeline.spec.vectors.hnsw'])).to.contain('efConstruct')
    covers('samples')
  })

  it('runs pods without root, that can write nowhere but to their volumes, and have no token', async () => {
    const pods = await list<V1Pod>(
      'pods',
      sample.namespace,
      'app.kubernetes.io/part-of=selfrag,app.kubernetes.io/component in (api,worker)',
    )
    expect(pods.map(({ metadata }) => metadata!.labels!['app.kubernetes.io/component']).sort()).to.deep.equal(['api', 'api', 'worker']) // prettier-ignore
    for (const { metadata } of pods) {
      const inside = `
        const { accessSync, constants, writeFileSync } = require('node:fs')
        const refused = path => { try { writeFileSync(path, ''); return false } catch (error) { return error.code } }
        const token = (() => { try { accessSync('/var/run/secrets/kubernetes.io', constants.F_OK); return true } catch { return false } })()
        console.log(JSON.stringify({ user: process.getuid(), root: refused('/x'), program: refused('/app/x'), tmp: refused('/tmp/x'), token }))`
      const found = await kubectl([
        'exec',
        '--namespace',
        sample.namespace,
        metadata!.name!,
        '--',
        'node',
        '-e',
        inside,
      ])
      expect(JSON.parse(found)).to.deep.equal({ user: 10_001, root: 'EROFS', program: 'EROFS', tmp: false, token: false }) // prettier-ignore
    }
    covers('pods')
  })

  it('takes documents in and gives passages and answers out, with the keys of the Secrets', async function () {
    this.timeout(120_000)
    const { url, adminKey, readerKey } = sample
    const bases = await client.request({ url: `${url}/v1/knowledge-bases`, key: adminKey })
    const handbook = bases.body.items.find(({ name }: { name: string }) => name === 'handbook')
    const documents = `${url}/v1/knowledge-bases/${handbook.id}/documents`
    const text = {
      title: 'Holidays',
      content: 'Every employee has thirty days of holiday a year. Ask your lead in March.',
    }
    const taken = await client.request({ url: documents, key: adminKey, body: text })
    expect(taken.status, JSON.stringify(taken.body)).to.equal(202)
    await becomesReady(taken.body.document_id)
    const question = {
      query: 'How many days of holiday does every employee have a year?',
      knowledge_base_ids: [handbook.id],
    }
    const found = await client.request({ url: `${url}/v1/retrieve`, key: readerKey, body: question })
    expect(found.body.results[0].text).to.contain('thirty days')
    expect(found.body.results[0].scores.dense, 'the model is in the image').to.be.a('number')
    const answered = await client.request({ url: `${url}/v1/rag`, key: readerKey, body: question })
    expect(answered.body.answer).to.contain('thirty days')
    expect(answered.body.citations[0].document_id).to.equal(taken.body.document_id)
    const refused = await client.request({ url: documents, key: readerKey, body: text })
    expect(refused).to.deep.include({ status: 403 })

    // Grammars are read, not imported: they are in the image because hack/images/programs.ts says so.
    const sources = { name: 'sources', chunking: { chunker: 'code' } }
    const base = await client.request({ url: `${url}/v1/knowledge-bases`, key: adminKey, body: sources })
    expect(base.status, JSON.stringify(base.body)).to.equal(201)
    const code = {
      title: 'add.ts',
      content: 'export function add(a: number, b: number): number {\n  return a + b\n}\n',
    }
    const file = await client.request({ url: `${url}/v1/knowledge-bases/${base.body.id}/documents`, key: adminKey, body: code }) // prettier-ignore
    await becomesReady(file.body.document_id)
    covers('data')
  })

  async function becomesReady(document: string): Promise<void> {
    await eventually(
      async () => {
        const { body } = await client.request({ url: `${sample.url}/v1/documents/${document}`, key: sample.adminKey })
        expect(body.status, JSON.stringify(body)).to.equal('ready')
      },
      60_000,
      500,
    )
  }
})

/** `yes` or `no`; kubectl ends with 1 for `no`. */
async function mayI(account: string, verb: string, what: string): Promise<string> {
  return kubectl(['auth', 'can-i', verb, what, '--all-namespaces', `--as=${account}`]).then(
    answer => answer.trim(),
    (error: Error) => (/(^|\n)no/.test(error.message) ? 'no' : Promise.reject(error)),
  )
}
