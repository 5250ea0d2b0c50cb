import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { S3mini } from 's3mini'
import { BucketPlace } from '../../api/backup/places/bucket.ts'
import { NothingThere } from '../../api/backup/places/place.ts'
import { prune } from '../../api/backup/take-backup.ts'
import { backup, restore, run, silent } from '../support/backups.ts'
import { destroyStores } from '../support/destroy-stores.ts'
import { IngestionBench, realStores } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'
import { s3, type TestS3 } from '../support/s3.ts'

describe('backups in a bucket', function () {
  this.timeout(180_000)
  const bucket = `b${randomBytes(6).toString('hex')}`
  let server: TestS3
  let client: S3mini
  let bench: IngestionBench
  let place: BucketPlace

  before(async function () {
    server = await orSkip(this, s3())
    const { endpoint, ...credentials } = server
    client = new S3mini({ ...credentials, region: 'eu-central-1', endpoint: `${endpoint}/${bucket}` })
    await client.createBucket()
    place = new BucketPlace({ bucket, prefix: 'team/selfrag', region: 'eu-central-1', ...server })
    bench = await IngestionBench.open(await orSkip(this, realStores()))
    await bench.startWorker()
    await bench.until((await bench.add('The vault opens with 4711.')).document_id, 'ready')
  })
  after(() => bench?.close())

  const keys = async () => ((await client.listObjects('/', '')) ?? []).map(({ Key }) => Key).sort()

  it('are written with the manifest last, and restored', async () => {
    const { name, files } = await backup(bench.stores.environment, place, { passphrase: 'correct horse battery staple' }) // prettier-ignore
    expect(await keys()).to.deep.equal([...files.map(({ path }) => path), 'manifest.json'].map(path => `team/selfrag/${name}/${path}`).sort()) // prettier-ignore
    await destroyStores({ database: bench.database, vectors: bench.vectors.inner }, bench.stores.prefix)
    const restored = await restore(bench.stores.environment, place, { passphrase: 'correct horse battery staple' })
    expect(restored).to.include({ backup: name, documents: 1, points: 1, incomplete: 0 })
  })

  it('are taken and listed by the program, too', async () => {
    const environment = {
      ...bench.stores.environment,
      BACKUP_DESTINATION: `s3://${bucket}/nightly`,
      BACKUP_S3_ENDPOINT: server.endpoint,
      BACKUP_S3_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    }
    const taken = await run('backup', [], environment)
    expect(taken, taken.stderr).to.include({ code: 0 })
    expect((await run('backup', ['--list'], environment)).stdout).to.match(/^selfrag-\d{8}T\d{6}Z {2}complete\n$/)
    const nowhere = await run('backup', [], { ...environment, BACKUP_DESTINATION: 's3://no-such-bucket/x' })
    expect(nowhere.code).to.equal(1)
    expect(nowhere.stderr).to.match(/NoSuchBucket|404/)
  })

  it('hold objects of more than one part', async () => {
    const bytes = randomBytes(70 * 1024 * 1024)
    const path = 'selfrag-20260101T000000Z/large'
    await place.write(path, Readable.from([bytes.subarray(0, 1e7), bytes.subarray(1e7)]))
    expect((await buffer(await place.read(path))).equals(bytes)).to.equal(true)
    expect(await place.read('selfrag-20260101T000000Z/none').catch((error: unknown) => error)).to.be.instanceOf(NothingThere) // prettier-ignore
  })

  it('go when their time is over, with everything that is theirs', async () => {
    const before = await place.list()
    expect(before.find(({ name }) => name === 'selfrag-20260101T000000Z')).to.include({ complete: false })
    expect(await prune(place, 86_400_000, new Date('2026-01-03T00:00:00Z'), silent)).to.deep.equal(['selfrag-20260101T000000Z']) // prettier-ignore
    expect((await keys()).filter(key => key.includes('20260101'))).to.deep.equal([])
    expect((await place.list()).filter(({ complete }) => complete)).to.have.length(1)
  })
})
