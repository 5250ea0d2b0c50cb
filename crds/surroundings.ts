import { z } from 'zod'
import { durationSchema } from './duration.ts'

export const backupSchema = z.strictObject({
  schedule: z.string().min(9).max(120).describe('When, as a cron expression: `0 3 * * *`.'),
  retention: durationSchema.default('30d').describe('How long a backup is kept.'),
  destination: z.string().min(1).max(2048).describe('Where to, such as `s3://bucket/path`.'),
})
