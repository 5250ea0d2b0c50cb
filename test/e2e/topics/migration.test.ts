import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type Pipeline } from '../../../operator/observe/resources.ts'
import { eventually } from '../../support/eventually.ts'
import { type ClientPod, clientPod } from '../support/client-pod.ts'
import { covers } from '../support/coverage.ts'
import { apiImage, changeDemo, type Demo, demo, otherApiImage } from '../support/demo.ts'
import { kubectl, read, waitFor } from '../support/kubectl.ts'

describe('a migration', () => {
  let sample: Demo
  let client: ClientPod
  before(async function () {
    this.timeout(400_000)
    sample = await demo()
    client = await clientPod()
  })

  it('that fails leaves the version before serving and says why; corrected, the image rolls out', async function () {
    this.timeout(240_000)
    const before = await apiImage()
    const next = await otherApiImage()
    // The API's environment is the Job's: an image that refuses it must be found out before any pod has it.
    await changeDemo({ image: next, api: { env: [{ name: 'MAX_BODY_MB', value: 'many' }] } })
    await eventually(
      async () => {
        const conditions = (await read<Pipeline>('ragpipeline', sample.pipeline, sample.namespace)).status?.conditions
        const database = conditions?.find(({ type }) => type === 'DatabaseReady')
        expect(database).to.include({ status: 'False', reason: 'MigrationFailed' })
        expect(database?.message).to.contain('MAX_BODY_MB').and.to.contain(next)
        expect(conditions?.find(({ type }) => type === 'APIAvailable')?.status).to.equal('True')
      },
      90_000,
      500,
    )
    expect(await apiImage()).to.equal(before)
    const body = { query: 'holiday', retriever: 'bm25' }
    const answer = await client.request({ url: `${sample.url}/v1/retrieve`, key: sample.readerKey, body })
    expect(answer.status, 'the version before').to.equal(200)

    await changeDemo({ api: { env: [] } })
    await eventually(async () => expect(await apiImage()).to.equal(next), 60_000, 500)
    await kubectl(['rollout', 'status', 'deployment/demo-api', '--namespace', sample.namespace, '--timeout=120s'])
    await waitFor('condition=Ready', `ragpipeline/${sample.pipeline}`, sample.namespace, 60)
    covers('migration')
  })
})
