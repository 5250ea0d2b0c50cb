import { parseArgs } from 'node:util'
import { parseConfiguration } from '../../api/contract/configuration.ts'
import { ownerSchema } from '../../api/contract/ownership.ts'
import { type MigrationOutcome, runMigration } from '../../api/run-migration.ts'
import { type LiveJob } from '../../operator/observe/jobs.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type Secret } from '../../operator/observe/secrets.ts'
import { type KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'

/** What the container of a Job would end with. */
export type JobProgram = (env: Readonly<Record<string, string>>, args: readonly string[]) => Promise<MigrationOutcome>

/**
 * What images do in Jobs; tests put others here. Every other image is this version's and migrates for real. `backup` is
 * what every backup does.
 */
export type JobImages = Map<string, JobProgram | 'cannot be pulled'>

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** api/migrate.ts without a process of its own. */
export const migrateProgram: JobProgram = async (env, args) => {
  const options = { image: { type: 'string' }, owner: { type: 'string' }, adopt: { type: 'boolean', default: false }, 'termination-log': { type: 'string' } } as const // prettier-ignore
  const { values } = parseArgs({ args: [...args], options })
  const parsed = parseConfiguration({ ...env, ENVIRONMENT: 'test' })
  if (!parsed.ok) return { code: 2, message: parsed.faults.join('; ') }
  const owner = values.owner ? ownerSchema.parse(JSON.parse(values.owner)) : null
  return runMigration({ configuration: parsed.configuration, image: values.image ?? null, owner, adopt: values.adopt, log: quiet }) // prettier-ignore
}

/** Does what job controller and kubelet would with a Job that nobody has begun: runs it, with a pod when it fails. */
export async function runJob(client: KubernetesClient, job: LiveJob, images: JobImages): Promise<void> {
  const container = job.spec.template.spec?.containers[0]
  const isBackup = job.metadata.labels?.['app.kubernetes.io/component'] === 'backup'
  const program = images.get(isBackup ? 'backup' : (container?.image ?? '')) ?? migrateProgram
  if (program === 'cannot be pulled')
    return makePod(client, job, { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } })
  const outcome = await program(await environment(client, job), container?.command?.slice(2) ?? [])
  if (outcome.code !== 0)
    await makePod(client, job, { terminated: { exitCode: outcome.code, reason: 'Error', message: outcome.message } })
  await finish(client, job, outcome)
}

async function environment(client: KubernetesClient, { spec, metadata }: LiveJob): Promise<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const { name, value, valueFrom } of spec.template.spec?.containers[0]?.env ?? []) {
    const ref = valueFrom?.secretKeyRef
    if (!ref) env[name] = value ?? ''
    else {
      const secret = await client.get<Secret>(types.secrets, { name: ref.name ?? '', namespace: metadata.namespace ?? '' }) // prettier-ignore
      env[name] = Buffer.from(secret?.data?.[ref.key] ?? '', 'base64').toString('utf8')
    }
  }
  return env
}

/** A pod that no node ever runs: only what is read of it is there. */
async function makePod(client: KubernetesClient, { metadata, spec }: LiveJob, state: object): Promise<void> {
  const name = `${metadata.name}-0`
  const { namespace = '', uid = '' } = metadata
  const ref = { name, namespace }
  if (await client.get(types.pods, ref)) return
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: metadata.name, uid, controller: true }
  const labels = { ...spec.template.metadata?.labels, 'batch.kubernetes.io/job-name': metadata.name }
  const { containers = [] } = spec.template.spec ?? {}
  await client.create(types.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, ownerReferences: [owner] },
    spec: { restartPolicy: 'Never', containers, automountServiceAccountToken: false, volumes: spec.template.spec?.volumes }, // prettier-ignore
  } as never)
  const containerStatus = { name: containers[0]?.name, ready: false, restartCount: 0, image: containers[0]?.image, imageID: '', state } // prettier-ignore
  await client.mergePatch(types.pods, ref, { status: { containerStatuses: [containerStatus] } }, { subresource: 'status' }) // prettier-ignore
}

async function finish(client: KubernetesClient, { metadata }: LiveJob, { code }: MigrationOutcome): Promise<void> {
  const time = new Date().toISOString().replace(/\.\d+/, '')
  const condition = (type: string, reason: string, message: string) => ({ type, status: 'True', reason, message, lastProbeTime: time, lastTransitionTime: time }) // prettier-ignore
  const status =
    code === 0
      ? { startTime: time, completionTime: time, succeeded: 1, conditions: [condition('SuccessCriteriaMet', 'CompletionsReached', ''), condition('Complete', 'CompletionsReached', '')] } // prettier-ignore
      : { startTime: time, failed: 1, conditions: [condition('FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'), condition('Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit')] } // prettier-ignore
  await client.mergePatch(types.jobs, metadata, { status: { ...status, uncountedTerminatedPods: {} } }, { subresource: 'status' }) // prettier-ignore
}
