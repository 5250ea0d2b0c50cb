import { settingsFingerprint } from '../../api/contract/fingerprint.ts'
import type { Owner } from '../../api/contract/ownership.ts'
import { MIGRATE_ANNOTATION } from '../../crds/definition.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { restricted, writable } from './container.ts'
import { type Job, JOB_IMAGE, jobEnvironment, TERMINATION_LOG } from './job.ts'
import { objectLabels } from './labels.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'
import { imageOf, podBasis, type WorkloadContext } from './pod-template.ts'

export interface MigrationContext extends Pick<WorkloadContext, 'image' | 'secretsChecksum'> {
  /** Marker of a control schema that is made. */
  readonly owner: Owner
  /** The schema bears another marker and may be taken: that was judged before. */
  readonly adopt: boolean
}

/** api/migrate.ts ends with this when trying again changes nothing. */
const REFUSED = 2

/**
 * The Job in which a pipeline's image brings the database to its version before any pod of it serves. Its environment is
 * the API's, so that an image which refuses that is found out here and not by pods. What it is named after is all that it
 * does: when anything of that changes it is another Job.
 */
export function migrationJob(pipeline: RagPipeline, context: MigrationContext): Job {
  const template = podTemplate(pipeline, context)
  const attempt = pipeline.metadata.annotations?.[MIGRATE_ANNOTATION] ?? ''
  const digest = settingsFingerprint({ template, attempt }).slice(0, 6)
  const metadata = objectMetadata(pipeline, names.job(pipeline, 'migrate', digest), 'migrate')
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...metadata, annotations: { [JOB_IMAGE]: imageOf(pipeline, context) } },
    spec: {
      backoffLimit: 4,
      activeDeadlineSeconds: 6 * 3600,
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onExitCodes: { containerName: 'migrate', operator: 'In', values: [REFUSED] } }],
      },
      template,
    },
  }
}

function podTemplate(pipeline: RagPipeline, context: MigrationContext): Job['spec']['template'] {
  const { labels, annotations } = pipeline.spec.api.podTemplate
  return {
    metadata: {
      labels: { ...labels, ...objectLabels(pipeline, 'migrate') },
      annotations: { ...annotations, 'selfrag.io/secrets-checksum': context.secretsChecksum },
    },
    spec: {
      ...podBasis(pipeline, 'api'),
      restartPolicy: 'Never',
      containers: [
        {
          name: 'migrate',
          image: imageOf(pipeline, context),
          command: ['node', 'dist/api/migrate.js', ...parameters(pipeline, context)],
          env: jobEnvironment(pipeline),
          resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
          securityContext: restricted,
          terminationMessagePath: TERMINATION_LOG,
          // An image that cannot even start leaves its log.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: writable.map(volume => ({ ...volume })),
        },
      ],
      volumes: writable.map(({ name }) => ({ name, emptyDir: {} })),
    },
  }
}

function parameters(pipeline: RagPipeline, context: MigrationContext): string[] {
  const adopt = context.adopt ? ['--adopt'] : []
  return [
    ...['--image', imageOf(pipeline, context)],
    ...['--owner', JSON.stringify(context.owner)],
    ...adopt,
    ...['--termination-log', TERMINATION_LOG],
  ]
}
