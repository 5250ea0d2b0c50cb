import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type V1Job } from '@kubernetes/client-node'
import { type Pipeline } from '../../../operator/observe/resources.ts'
import { eventually } from '../../support/eventually.ts'
import { covers } from '../support/coverage.ts'
import { changeDemo, type Demo, DEMO_DATABASE, demo } from '../support/demo.ts'
import { apply, get, kubectl, list, read, waitFor } from '../support/kubectl.ts'
import { type Stores, stores } from '../support/stores.ts'
import { Team } from '../support/team.ts'

const CLAIM = 'backups'
const CRON_JOB = 'demo-backup'
const QUESTION = 'What hangs in the hall?'
const ANSWER = 'A barometer hangs in the hall.'

/** As docs/operations/backup.md tells people to do it. */
describe('a backup', () => {
  let sample: Demo
  let servers: Stores
  let team: Team
  before(async function () {
    this.timeout(400_000)
    sample = await demo()
    servers = await stores()
    team = await Team.settled('saver', ANSWER)
  })

  it('is taken by the CronJob, into a volume', async function () {
    this.timeout(180_000)
    await apply(claim())
    await changeDemo({ backup: { schedule: '0 3 * * *', destination: `pvc://${CLAIM}/demo` } })
    await eventually(async () => expect(await get('cronjob', CRON_JOB, sample.namespace)).not.to.equal(null), 30_000)
    await kubectl(['create', 'job', 'first-backup', `--from=cronjob/${CRON_JOB}`, '--namespace', sample.namespace])
    await completes('first-backup')
    const said = await kubectl(['logs', 'job/first-backup', '--namespace', sample.namespace])
    expect(said).to.contain('the backup is complete')
    const listed = await run('list-backups', ['dist/api/backup.js', '--list'])
    expect(listed).to.match(/^selfrag-\d{8}T\d{6}Z {2}complete$/m)
    await eventually(async () => {
      const { status } = await read<Pipeline>('ragpipeline', sample.pipeline, sample.namespace)
      expect(status?.conditions?.map(({ type }) => type)).to.include('BackupReady')
    }, 40_000)
    covers('backup')
  })

  it('brings back what a database and a collection have lost', async function () {
    this.timeout(240_000)
    await changeDemo({ suspend: true })
    await kubectl(['scale', 'deployment/demo-api', 'deployment/demo-worker', '--replicas=0', '--namespace', sample.namespace]) // prettier-ignore
    await eventually(async () => expect(await servingPods()).to.equal(0), 90_000, 500)
    await servers.sql(DEMO_DATABASE, 'DROP SCHEMA tenant_saver CASCADE')
    const said = await run('restore', ['dist/api/restore.js', 'latest', '--replace'])
    expect(said).to.contain('"message":"restored"').and.to.contain('"incomplete":0')
    await changeDemo({ suspend: false })
    // spec.worker has no replicas: their number is whatever somebody scales to.
    await kubectl(['scale', 'deployment/demo-worker', '--replicas=1', '--namespace', sample.namespace])
    await eventually(async () => expect(await team.passages(QUESTION)).to.contain(ANSWER), 90_000, 1000)
    await kubectl(['rollout', 'status', 'deployment/demo-worker', '--namespace', sample.namespace, '--timeout=90s'])
    await waitFor('condition=Ready', `ragpipeline/${sample.pipeline}`, sample.namespace, 60)

    await changeDemo({ backup: null })
    await eventually(async () => expect(await get('cronjob', CRON_JOB, sample.namespace)).to.equal(null), 60_000, 500)
    await kubectl(['delete', 'persistentvolumeclaim', CLAIM, '--namespace', sample.namespace, '--timeout=60s'])
    covers('restore')
  })

  /** Runs a program in a pod made from the CronJob; gives what it wrote. */
  async function run(name: string, program: readonly string[]): Promise<string> {
    const made = await kubectl(['create', 'job', name, `--from=cronjob/${CRON_JOB}`, '--namespace', sample.namespace, '--dry-run=client', '-o', 'json']) // prettier-ignore
    const job = JSON.parse(made) as V1Job
    job.spec!.template.spec!.containers[0]!.command = ['node', ...program]
    await apply(job)
    await completes(name)
    const said = await kubectl(['logs', `job/${name}`, '--namespace', sample.namespace])
    await kubectl(['delete', 'job', name, '--namespace', sample.namespace])
    return said
  }

  function completes(job: string): Promise<void> {
    return waitFor('condition=Complete', `job/${job}`, sample.namespace, 120)
  }

  async function servingPods(): Promise<number> {
    const selector = 'app.kubernetes.io/instance=demo,app.kubernetes.io/component in (api,worker)'
    return (await list('pods', sample.namespace, selector)).length
  }

  function claim(): object {
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: CLAIM, namespace: sample.namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }
  }
})
