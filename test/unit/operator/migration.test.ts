import { expect } from 'chai'
import { describe, it } from 'mocha'
import { migrationJob } from '../../../operator/desired/migration-job.ts'
import { type LiveJob, type LivePod } from '../../../operator/observe/jobs.ts'
import { jobOutcome, tidy } from '../../../operator/plan/job-outcome.ts'
import { decideMigration, isMigrated } from '../../../operator/plan/migration.ts'
import { maximalSpec, pipeline } from '../../support/pipelines.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const owner = { cluster: 'c', uid: 'uid-1', name: 'RagPipeline/rag/demo' }
const context = { image: 'selfrag-api:test', secretsChecksum: 'abc', owner, adopt: false }
const job = migrationJob(pipeline(), context)
const jobWith = (...conditions: { type: string; message?: string }[]): LiveJob => ({
  ...job,
  status: { conditions: conditions.map(one => ({ status: 'True', ...one })), completionTime: '2026-06-01T11:59:30Z' },
})
const pod = (state: object): LivePod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, status: { containerStatuses: [{ state }] } }) // prettier-ignore
const ended = (message: string, finishedAt: string) => pod({ terminated: { exitCode: 1, message, finishedAt } })

describe('the migration Job', () => {
  const spec = job.spec.template.spec
  const container = spec?.containers[0]

  it('runs the image with the environment of the API, without the admin token and without the ConfigMap', () => {
    const maximal = migrationJob(pipeline(maximalSpec), context).spec.template.spec?.containers[0]
    expect(maximal?.image).to.equal('registry.example.org/selfrag-api:1.2.3')
    const variables = maximal?.env?.map(({ name }) => name) ?? []
    expect(variables).to.include.members(['PGPASSWORD', 'QDRANT_API_KEY', 'MAX_BODY_MB', 'LOG_LEVEL'])
    expect(variables).to.not.include('ADMIN_TOKEN')
    expect(maximal?.envFrom).to.equal(undefined)
    expect(container?.command?.slice(0, 4)).to.deep.equal(['node', 'dist/api/migrate.js', '--image', 'selfrag-api:test']) // prettier-ignore
  })

  it('is not selected by the Service, and is as restricted as the pods', () => {
    expect(job.spec.template.metadata?.labels).to.include({ 'app.kubernetes.io/component': 'migrate' })
    expect(container?.securityContext).to.include({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true })
    expect(spec).to.deep.include({ automountServiceAccountToken: false, restartPolicy: 'Never' })
  })

  it('has another name when it would do something else, or is to be tried again, and only then', () => {
    const name = (changes: Parameters<typeof pipeline>[0], with_ = context) => migrationJob(pipeline(changes), with_).metadata.name // prettier-ignore
    expect(name({ driftPolicy: 'Warn', api: { replicas: 4 } })).to.equal(job.metadata.name)
    expect(name({ image: 'other:1' })).to.not.equal(job.metadata.name)
    expect(name({}, { ...context, secretsChecksum: 'def' })).to.not.equal(job.metadata.name)
    const again = pipeline()
    again.metadata.annotations = { 'selfrag.io/migrate': '2' }
    expect(migrationJob(again, context).metadata.name).to.not.equal(job.metadata.name)
    expect(migrationJob(pipeline({}, 'a'.repeat(48)), context).metadata.name).to.have.length(63)
  })
})

describe('how a Job is doing', () => {
  it('is told in the words of the pod that failed last', () => {
    const pods = [ended('second', '2026-06-01T12:00:02Z'), ended('first', '2026-06-01T12:00:01Z')]
    expect(jobOutcome(jobWith({ type: 'Failed', message: 'backoff' }), pods)).to.deep.equal({ state: 'failed', message: 'second', reason: 'backoff' }) // prettier-ignore
    expect(jobOutcome(job, pods)).to.deep.equal({ state: 'running', message: 'second', stuck: false })
    expect(jobOutcome(jobWith({ type: 'Failed', message: 'backoff' }), [])).to.include({ message: null })
    expect(jobOutcome(job, [pod({ terminated: { exitCode: 137, reason: 'OOMKilled' } })])).to.include({ message: 'it ended with 137 (OOMKilled) and left no message' }) // prettier-ignore
  })

  it('is stuck when no pod can start', () => {
    const waiting = [pod({ waiting: { reason: 'ImagePullBackOff' } })]
    expect(jobOutcome(job, waiting)).to.deep.equal({ state: 'running', message: 'its image cannot be pulled', stuck: true }) // prettier-ignore
    expect(jobOutcome(job, [pod({ waiting: { reason: 'ContainerCreating' } })])).to.include({ stuck: false })
  })

  it('leaves secrets and line breaks out, and is short', () => {
    expect(tidy('at\n\tpostgresql://me:p4ss@db/x with kb_sk_abc and api_key: "s3cr3t", ok')).to.equal('at postgresql://…@db/x with kb_sk_… and api_key: "…", ok') // prettier-ignore
    expect(tidy('x'.repeat(5000))).to.have.length(1001)
  })
})

describe('what is done about a migration', () => {
  const other: LiveJob = { ...job, metadata: { ...job.metadata, name: 'demo-migrate-000000' } }
  const decide = (jobs: LiveJob[], outcome: Parameters<typeof decideMigration>[3]) => decideMigration('i', job, jobs, outcome, NOW) // prettier-ignore

  it('is nothing when the database knows the image, whatever Jobs there are', () => {
    const level = {
      image: 'i',
      tenant: [],
      schemas: { control: { known: [], floor: [] }, tenant: { known: [], floor: [] } },
    }
    expect([isMigrated(level, 'i'), isMigrated(level, 'j'), isMigrated(null, 'i')]).to.deep.equal([true, false, false])
  })

  it('is to make its Job, and to remove those of other attempts', () => {
    expect(decide([other], null)).to.deep.include({ start: true, remove: [other] })
  })

  it('is to wait for a Job that is there, also for one that has failed', () => {
    expect(decide([job], { state: 'running', message: null, stuck: false })).to.deep.include({ start: false, remove: [] }) // prettier-ignore
    const failed = decide([job], { state: 'failed', message: 'm', reason: 'r' })
    expect(failed).to.deep.include({ start: false, remove: [] })
    expect(failed.migration).to.deep.equal({ state: 'failed', job: job.metadata.name, image: 'i', message: 'm', reason: 'r' }) // prettier-ignore
  })

  it('is to run it again when the database has lost what it did, but not at once', () => {
    const at = (seconds: number) => ({ state: 'succeeded', at: new Date(NOW.getTime() - seconds * 1000) }) as const
    expect(decide([job], at(59))).to.deep.include({ start: false, remove: [] })
    expect(decide([job], at(60))).to.deep.include({ start: false, remove: [job] })
  })
})
