import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseBackupConfiguration } from '../../../api/contract/backup.ts'
import { backupCronJob } from '../../../operator/desired/backup-cron-job.ts'
import { desiredObjects } from '../../../operator/desired/index.ts'
import { type Pipeline } from '../../../operator/observe/resources.ts'
import { backupFinding, type BackupReport } from '../../../operator/plan/backup-findings.ts'
import { pipeline } from '../../support/pipelines.ts'

const context = { image: 'selfrag-api:test', secretsChecksum: 'abc', addresses: [] }
const toVolume = { schedule: '0 3 * * *', destination: 'pvc://backups/demo' }
const toBucket = {
  schedule: '@daily',
  timeZone: 'Europe/Berlin',
  retention: '30d',
  destination: 's3://bucket/selfrag',
  s3: { endpoint: 'http://minio:9000', credentialsSecretRef: { name: 'minio' } },
  encryptionKeySecretRef: { name: 'backup-key' },
}
const made = (backup: object) => backupCronJob(pipeline({ backup }), context)!
const podOf = (backup: object) => made(backup).spec.jobTemplate.spec!.template.spec!
const environment = (backup: object) =>
  Object.fromEntries(podOf(backup).containers[0]!.env!.map(({ name, value, valueFrom }) => [name, value ?? `secret of ${valueFrom?.secretKeyRef?.name}`])) // prettier-ignore

describe('the backup CronJob', () => {
  it('is there when the spec asks for it', () => {
    expect(backupCronJob(pipeline(), context)).to.equal(null)
    expect(desiredObjects(pipeline({ backup: toVolume }), context).map(({ kind }) => kind)).to.include('CronJob')
    expect(made(toBucket).spec).to.include({ schedule: '@daily', timeZone: 'Europe/Berlin', concurrencyPolicy: 'Forbid' }) // prettier-ignore
  })

  it('gives the program an environment that it accepts, for a volume and for a bucket', () => {
    for (const backup of [toVolume, toBucket]) {
      const env = { ...environment(backup), BACKUP_ENCRYPTION_KEY: 'x'.repeat(16) }
      expect(parseBackupConfiguration(env)).to.have.property('ok', true)
    }
    expect(environment(toVolume)).to.include({ BACKUP_DESTINATION: '/backups/demo', BACKUP_RETENTION: '7d' })
    expect(environment(toBucket)).to.include({
      BACKUP_DESTINATION: 's3://bucket/selfrag',
      BACKUP_S3_ENDPOINT: 'http://minio:9000',
      AWS_ACCESS_KEY_ID: 'secret of minio',
      BACKUP_ENCRYPTION_KEY: 'secret of backup-key',
      DATABASE_URL: 'secret of demo-postgres',
    })
  })

  it('has a name that leaves room for those of its Jobs', () => {
    const long = backupCronJob(pipeline({ backup: toVolume }, 'a'.repeat(48)), context)!.metadata.name
    expect(made(toVolume).metadata.name).to.equal('demo-backup')
    expect(long)
      .to.have.length(52)
      .and.match(/^a{38}-[0-9a-f]{6}-backup$/)
  })

  it('mounts the claim that the destination names, and no other', () => {
    const claims = (backup: object) => podOf(backup).volumes?.flatMap(volume => volume.persistentVolumeClaim?.claimName ?? []) // prettier-ignore
    expect(claims(toVolume)).to.deep.equal(['backups'])
    expect(claims(toBucket)).to.deep.equal([])
  })
})

describe('the condition BackupReady', () => {
  const asked = pipeline({ backup: toVolume }) as Pipeline
  const report: BackupReport = { missing: [], scheduled: true, lastSuccess: '2026-06-30T03:00:09Z', newest: null }
  const newest = (outcome: NonNullable<BackupReport['newest']>['outcome']) => ({ job: 'demo-backup-1', outcome })
  const cases: [what: string, changes: Partial<BackupReport>, expected: object, says: string][] = [
    ['a success', {}, { status: 'True', reason: 'BackedUp' }, '2026-06-30T03:00:09Z'],
    ['none yet', { lastSuccess: null }, { status: 'Unknown', reason: 'NoBackupYet' }, 'kubectl create job'],
    ['no CronJob', { scheduled: false }, { status: 'Unknown', reason: 'NotScheduled' }, 'ready'],
    ['a missing Secret', { missing: [{ name: 'minio', key: null }] }, { status: 'False', reason: 'SecretMissing' }, 'Secret rag/minio does not exist'], // prettier-ignore
    ['a failure', { newest: newest({ state: 'failed', message: 'the bucket is gone', reason: 'r' }) }, { status: 'False', reason: 'BackupFailed' }, 'the bucket is gone; the last good one is of 2026-06-30'], // prettier-ignore
    ['a pod that cannot start', { newest: newest({ state: 'running', message: 'its image cannot be pulled', stuck: true }) }, { status: 'False', reason: 'BackupStuck' }, 'cannot be pulled'], // prettier-ignore
    ['a running one', { newest: newest({ state: 'running', message: null, stuck: false }) }, { status: 'True', reason: 'BackedUp' }, '2026'], // prettier-ignore
  ]
  for (const [what, changes, expected, says] of cases)
    it(`tells ${what}`, () => {
      const finding = backupFinding(asked, { ...report, ...changes })
      expect(finding).to.include(expected)
      expect(finding?.message).to.include(says)
    })

  it('is not there when no backups are asked for', () => {
    expect(backupFinding(pipeline() as Pipeline, null)).to.equal(null)
  })
})
