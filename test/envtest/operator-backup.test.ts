import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type RunningOperator } from '../../operator/operator.ts'
import { type CronJob } from '../../operator/desired/backup-cron-job.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

const SUCCESS = '2026-06-30T03:00:09Z'

describe('the backups of a pipeline', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  let operator: RunningOperator

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples((pipeline: { spec?: Record<string, unknown> }) => {
      pipeline.spec!['backup'] = { schedule: '0 3 * * *', destination: 'pvc://backups/demo' }
    })
    await world.becomesReady()
  })
  after(async () => {
    await world?.dispose()
  })

  const cronJob = () => world.client.get<CronJob>(types.cronJobs, { namespace: world.namespace, name: 'demo-backup' })
  const becomes = (wanted: { status: string; reason: string }) =>
    eventually(async () => expect(conditionOf(await world.pipeline(), 'BackupReady')).to.include(wanted))
  const patch = async (backup: object | null) =>
    world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { backup } })
  /** As the CronJob's controller does when the time has come. */
  const startJob = async (name: string) => {
    const { metadata, spec } = present(await cronJob(), 'the CronJob')
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: metadata.name, uid: metadata.uid, controller: true }
    const { labels } = spec.jobTemplate.metadata ?? {}
    await world.client.create(types.jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: world.namespace, labels, ownerReferences: [owner] },
      spec: spec.jobTemplate.spec,
    } as never)
    await world.client.mergePatch(types.cronJobs, metadata, { status: { lastScheduleTime: SUCCESS } }, { subresource: 'status' }) // prettier-ignore
  }

  it('are a CronJob, and a condition that does not keep the pipeline from being Ready', async () => {
    expect(present(await cronJob(), 'the CronJob').spec.schedule).to.equal('0 3 * * *')
    await becomes({ status: 'Unknown', reason: 'NoBackupYet' })
    expect(conditionOf(await world.pipeline(), 'Ready')).to.include({ status: 'True' })
  })

  it('tell when the last one was complete, and are written once', async () => {
    const { metadata } = present(await cronJob(), 'the CronJob')
    await world.client.mergePatch(types.cronJobs, metadata, { status: { lastSuccessfulTime: SUCCESS } }, { subresource: 'status' }) // prettier-ignore
    await becomes({ status: 'True', reason: 'BackedUp' })
    expect((await world.pipeline()).status?.backup).to.deep.equal({ lastSuccessTime: SUCCESS })
    const before = await world.clusterWrites()
    await moreReconciles(operator, 2)
    expect(await world.clusterWrites()).to.deep.equal(before)
  })

  it('tell why one failed, and when the last good one was', async () => {
    world.images.set('backup', async () => ({ code: 1, message: 'the bucket is not there' }))
    await startJob('demo-backup-1')
    await becomes({ status: 'False', reason: 'BackupFailed' })
    const pipeline = await world.pipeline()
    expect(conditionOf(pipeline, 'BackupReady')?.message).to.include('the bucket is not there').and.include(SUCCESS)
    expect(conditionOf(pipeline, 'Degraded')).to.include({ status: 'True', reason: 'BackupFailed' })
    expect(conditionOf(pipeline, 'Ready'), 'it serves all the same').to.include({ status: 'True' })
    world.images.set('backup', async () => ({ code: 0 }))
    await startJob('demo-backup-2')
    await becomes({ status: 'True', reason: 'BackedUp' })
  })

  it('name the Secret that is missing, and notice when it comes', async () => {
    const s3 = { endpoint: 'http://minio:9000', credentialsSecretRef: { name: 'minio' } }
    await patch({ destination: 's3://bucket/demo', s3 })
    await becomes({ status: 'False', reason: 'SecretMissing' })
    expect(conditionOf(await world.pipeline(), 'BackupReady')?.message).to.include(`Secret ${world.namespace}/minio does not exist`) // prettier-ignore
    const value = Buffer.from('x').toString('base64')
    await world.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'minio' }, data: { 'access-key-id': value, 'secret-access-key': value } }) // prettier-ignore
    await becomes({ status: 'True', reason: 'BackedUp' })
    const variables = present(await cronJob(), 'the CronJob').spec.jobTemplate.spec!.template.spec!.containers[0]!.env!
    expect(variables).to.deep.include({ name: 'BACKUP_DESTINATION', value: 's3://bucket/demo' })
  })

  it('are gone with the field, and so is what was said about them', async () => {
    await patch(null)
    await eventually(async () => expect(await cronJob()).to.equal(null))
    await eventually(async () => {
      const { status } = await world.pipeline()
      expect(status?.conditions?.map(({ type }) => type)).to.not.include('BackupReady')
      expect(status).to.not.have.property('backup')
    })
  })
})
