import { expect } from 'chai'
import { describe, it } from 'mocha'
import { backupName, backupTime } from '../../../api/backup/manifest.ts'
import { expired } from '../../../api/backup/retention.ts'
import { renamed } from '../../../api/backup/renamed.ts'
import { parseBackupConfiguration } from '../../../api/contract/backup.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = new Date('2026-06-30T03:00:00Z')
const aged = (ms: number, complete = true) => ({ name: backupName(new Date(NOW.getTime() - ms)), complete })

describe('which backups are deleted', () => {
  it('those that are older than the retention, the newest complete one never', () => {
    const daily = Array.from({ length: 10 }, (_, day) => aged(day * DAY))
    expect(expired(daily, 7 * DAY, NOW)).to.deep.equal(daily.slice(8).map(({ name }) => name))
    const old = [aged(30 * DAY), aged(40 * DAY)]
    expect(expired(old, 7 * DAY, NOW), 'the last good one').to.deep.equal([old[1]?.name])
  })

  it('incomplete ones count for nothing, and go when they cannot be at work any more', () => {
    const good = aged(20 * DAY)
    const [old, young] = [aged(25 * HOUR, false), aged(HOUR, false)]
    expect(expired([good, old, young], 7 * DAY, NOW)).to.deep.equal([old.name])
  })

  it('nothing that is not named like a backup', () => {
    expect(expired([{ name: 'selfrag-old', complete: false }, { name: 'photos', complete: true }, aged(DAY)], HOUR, NOW)).to.deep.equal([]) // prettier-ignore
    expect([backupTime('selfrag-20260630T030000Z'), backupTime('selfrag-20261330T030000Z')]).to.deep.equal([NOW, null])
  })

  it('names sort by time', () => {
    expect(backupName(new Date('2026-06-30T03:00:00.999Z'))).to.equal('selfrag-20260630T030000Z')
  })
})

describe('names of collections under another prefix', () => {
  it('change their beginning only', () => {
    expect(renamed('demo_shared_g1', 'demo', 'trial')).to.equal('trial_shared_g1')
    expect(renamed('demoX_shared', 'demo', 'trial'), 'another prefix').to.equal('demoX_shared')
  })
})

describe('the configuration of backups', () => {
  it('says what is missing or wrong, and never a secret', () => {
    const faults = (env: Record<string, string>) => {
      const parsed = parseBackupConfiguration(env)
      return parsed.ok ? [] : parsed.faults
    }
    expect(faults({})).to.deep.equal(['BACKUP_DESTINATION: must be set'])
    expect(faults({ BACKUP_DESTINATION: 'backups' })).to.deep.equal(['BACKUP_DESTINATION: must be an absolute folder, or s3://bucket/prefix']) // prettier-ignore
    expect(faults({ BACKUP_DESTINATION: '/b', BACKUP_ENCRYPTION_KEY: 'short' })).to.deep.equal(['BACKUP_ENCRYPTION_KEY: must have at least 16 characters']) // prettier-ignore
    expect(faults({ BACKUP_DESTINATION: 's3://bucket/a/b', AWS_ACCESS_KEY_ID: 'x' })).to.deep.equal(['AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: must be set for an s3:// destination']) // prettier-ignore
    expect(faults({ BACKUP_DESTINATION: '/backups', BACKUP_RETENTION: '12h' })).to.deep.equal([])
  })
})
