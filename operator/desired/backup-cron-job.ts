import type { V1CronJobSpec, V1EnvVar } from '@kubernetes/client-node'
import type { BackupConfiguration } from '../../api/contract/backup.ts'
import type { Backup } from '../../crds/backup.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { resources, restricted, writable } from './container.ts'
import { jobEnvironment, TERMINATION_LOG } from './job.ts'
import { objectLabels } from './labels.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'
import { imageOf, podBasis, type WorkloadContext } from './pod-template.ts'

export interface CronJob extends KubernetesObject {
  readonly spec: V1CronJobSpec
}

/** Where a claim is mounted. */
const VOLUME = '/backups'

type Variable = keyof BackupConfiguration

/** Takes a backup on schedule with the pipeline's own image; null when none is asked for. */
export function backupCronJob(pipeline: RagPipeline, context: WorkloadContext): CronJob | null {
  const { backup } = pipeline.spec
  if (!backup) return null
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: objectMetadata(pipeline, names.cronJob(pipeline, 'backup'), 'backup'),
    spec: {
      schedule: backup.schedule,
      ...(backup.timeZone ? { timeZone: backup.timeZone } : {}),
      // One that was missed (a control plane that was away) is made up for.
      startingDeadlineSeconds: 3600,
      concurrencyPolicy: 'Forbid',
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      suspend: false,
      jobTemplate: {
        metadata: { labels: objectLabels(pipeline, 'backup') },
        spec: { backoffLimit: 2, activeDeadlineSeconds: 12 * 3600, template: podTemplate(pipeline, backup, context) },
      },
    },
  }
}

function podTemplate(pipeline: RagPipeline, backup: Backup, context: WorkloadContext) {
  const claim = claimOf(backup)
  const mounts = claim ? [{ name: 'backups', mountPath: VOLUME }] : []
  const volumes = claim ? [{ name: 'backups', persistentVolumeClaim: { claimName: claim.name } }] : []
  return {
    metadata: { labels: objectLabels(pipeline, 'backup') },
    spec: {
      ...podBasis(pipeline, 'worker'),
      restartPolicy: 'Never',
      containers: [
        {
          name: 'backup',
          image: imageOf(pipeline, context),
          command: ['node', 'dist/api/backup.js', '--termination-log', TERMINATION_LOG],
          env: [...jobEnvironment(pipeline), ...backupEnvironment(backup)],
          resources: resources(backup.resources),
          securityContext: restricted,
          terminationMessagePath: TERMINATION_LOG,
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [...writable.map(volume => ({ ...volume })), ...mounts],
        },
      ],
      volumes: [...writable.map(({ name }) => ({ name, emptyDir: {} })), ...volumes],
    },
  }
}

/** Exactly what api/backup.ts reads. */
function backupEnvironment(backup: Backup): V1EnvVar[] {
  const claim = claimOf(backup)
  const plain: [Variable, string | undefined][] = [
    ['BACKUP_DESTINATION', claim ? [VOLUME, claim.folder].filter(part => part !== '').join('/') : backup.destination],
    ['BACKUP_RETENTION', backup.retention],
    ['BACKUP_S3_ENDPOINT', backup.s3?.endpoint],
    ['BACKUP_S3_REGION', backup.s3?.region],
  ]
  return [
    ...plain.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
    ...backupSecrets(backup).map(({ name, secret }) => ({ name, valueFrom: { secretKeyRef: { ...secret } } })),
  ]
}

/** Variables of the backup whose values stay in Secrets. */
export function backupSecrets({ s3, encryptionKeySecretRef: passphrase }: Backup) {
  const of = (name: Variable, secret: string, key: string) => ({ name, secret: { name: secret, key } })
  const credentials = s3?.credentialsSecretRef
  return [
    ...(credentials ? [of('AWS_ACCESS_KEY_ID', credentials.name, credentials.accessKeyIdKey)] : []),
    ...(credentials ? [of('AWS_SECRET_ACCESS_KEY', credentials.name, credentials.secretAccessKeyKey)] : []),
    ...(passphrase ? [of('BACKUP_ENCRYPTION_KEY', passphrase.name, passphrase.key)] : []),
  ]
}

/** Of `pvc://claim/folder`. */
function claimOf({ destination }: Backup): { readonly name: string; readonly folder: string } | null {
  const match = /^pvc:\/\/([^/]+)\/?(.*)$/.exec(destination)
  return match ? { name: match[1] ?? '', folder: (match[2] ?? '').replace(/\/+$/, '') } : null
}
