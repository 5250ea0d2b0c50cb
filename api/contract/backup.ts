import { z } from 'zod'

/** Where backups go: an absolute folder, or a bucket with a prefix in it. */
export const DESTINATION_PATTERN = /^(\/.+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9._/-]*)?)$/

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })

/** The environment of api/backup.ts and api/restore.ts, beside the API's own. */
export const backupConfigurationSchema = z.object({
  BACKUP_DESTINATION: z
    .string()
    .regex(DESTINATION_PATTERN, 'must be an absolute folder, or s3://bucket/prefix')
    .describe('Where backups are kept: an absolute folder, or `s3://bucket/prefix`.'),
  BACKUP_RETENTION: z
    .string()
    .regex(/^[1-9][0-9]{0,5}[mhd]$/, 'must be a number and a unit, such as 12h or 7d')
    .default('7d')
    .describe('Age at which a backup is deleted. The newest complete one always stays.'),
  BACKUP_ENCRYPTION_KEY: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('Passphrase that the files are encrypted with (AES-256-GCM); absent: they are not.')
    .meta({ secret: true }),
  BACKUP_S3_ENDPOINT: httpUrl
    .optional()
    .describe('Address of an S3-compatible service, such as http://minio:9000; absent: AWS, in BACKUP_S3_REGION.'),
  BACKUP_S3_REGION: z.string().min(1).default('us-east-1').describe('Region of the bucket.'),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional().describe('Access key for s3:// destinations.').meta({ secret: true }),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Its secret.').meta({ secret: true }),
  BACKUP_SCRATCH_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL')
    .optional()
    .describe('Empty database for `restore --verify`; absent: one is made on the same server, which needs CREATEDB.')
    .meta({ secret: true }),
})

export type BackupConfiguration = z.output<typeof backupConfigurationSchema>

export type BackupConfigurationResult =
  | { readonly ok: true; readonly configuration: BackupConfiguration }
  /** One line a fault, naming the variable; never its value. */
  | { readonly ok: false; readonly faults: readonly string[] }

/** Reads an environment. Empty variables count as unset. Pure. */
export function parseBackupConfiguration(env: Readonly<Record<string, string | undefined>>): BackupConfigurationResult {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = backupConfigurationSchema.safeParse(present)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => {
      const name = String(path[0])
      return `${name}: ${name in present ? message : 'must be set'}`
    })
    return { ok: false, faults }
  }
  const { BACKUP_DESTINATION: destination, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = parsed.data
  if (destination.startsWith('s3://') && (!id || !secret))
    return { ok: false, faults: ['AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: must be set for an s3:// destination'] }
  return { ok: true, configuration: parsed.data }
}
