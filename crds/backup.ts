import { z } from 'zod'
import { durationSchema } from './duration.ts'
import { httpUrlSchema } from './http-url.ts'
import { resourcesSchema } from './resources.ts'
import { withRule } from './rule.ts'
import { secretKeyRef, secretNameSchema } from './secret-ref.ts'

/** `s3://bucket/prefix`, or `pvc://claim/folder`: a PersistentVolumeClaim of the same namespace. */
const DESTINATION =
  '^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?|pvc://[a-z0-9][-a-z0-9]{0,61}[a-z0-9](/[A-Za-z0-9._/-]*)?)$'

/** Five fields, or a word such as `@daily`; the API server checks the CronJob that is made of it. */
const SCHEDULE = '^(@(hourly|daily|midnight|weekly|monthly)|[0-9*/,A-Za-z-]+( +[0-9*/,A-Za-z-]+){4})$'

const s3Schema = z.strictObject({
  endpoint: httpUrlSchema.optional().describe('Address of an S3-compatible service, such as http://minio:9000; absent: AWS.'), // prettier-ignore
  region: z.string().min(1).max(63).default('us-east-1').describe('Region of the bucket.'),
  credentialsSecretRef: z
    .strictObject({
      name: secretNameSchema,
      accessKeyIdKey: z.string().min(1).max(253).default('access-key-id').describe('Key of the access key.'),
      secretAccessKeyKey: z.string().min(1).max(253).default('secret-access-key').describe('Key of its secret.'),
    })
    .describe('Secret with the credentials.'),
})

const fields = z.strictObject({
  schedule: z
    .string()
    .max(120)
    .regex(new RegExp(SCHEDULE), 'must be a cron expression such as 0 3 * * *, or @daily')
    .describe('When, as a cron expression: `0 3 * * *`; in timeZone.'),
  timeZone: z.string().max(64).optional().describe('Time zone of the schedule, such as `Europe/Berlin`; absent: that of the control plane.'), // prettier-ignore
  retention: durationSchema.default('7d').describe('How long a backup is kept. The newest complete one always stays.'),
  destination: z
    .string()
    .max(2048)
    .regex(new RegExp(DESTINATION), 'must be s3://bucket/prefix or pvc://claim/folder')
    .describe(
      'Where to: `s3://bucket/prefix`, or `pvc://claim/folder` for a PersistentVolumeClaim that you have made.',
    ),
  s3: s3Schema.optional().describe('How the bucket is reached; needed with s3://.'),
  encryptionKeySecretRef: secretKeyRef('passphrase', 'the passphrase, of at least 16 characters')
    .optional()
    .describe('Secret with the passphrase that backups are encrypted with (AES-256-GCM); absent: they are not.'),
  resources: resourcesSchema
    .default({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } })
    .describe('CPU and memory of the pod that takes a backup.'),
})

export const backupSchema = withRule(fields, {
  cel: "self.destination.startsWith('s3://') == has(self.s3)",
  test: ({ destination, s3 }) => destination.startsWith('s3://') === (s3 !== undefined),
  message: 's3 goes with an s3:// destination: set both or neither',
})

export type Backup = z.output<typeof backupSchema>
