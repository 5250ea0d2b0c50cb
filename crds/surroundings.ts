import { z } from 'zod'
import { durationSchema } from './duration.ts'
import { secretNameSchema } from './secret-ref.ts'

/** What the fields below say of themselves until the release that acts on them. */
const later = 'Takes effect with a later release.'

/** Objects around the workloads: how they are reached, fenced, watched and backed up. */
export const ingressSchema = z.strictObject({
  enabled: z.boolean().default(false).describe(`Whether there is an Ingress. ${later}`),
  className: z.string().max(253).optional().describe('Ingress class; absent: the cluster\'s default.'), // prettier-ignore
  host: z.string().max(253).optional().describe('Host name under which the API is reached.'),
  tls: z
    .strictObject({ secretName: secretNameSchema.describe('Secret with the certificate, of type kubernetes.io/tls.') })
    .optional()
    .describe('TLS at the Ingress; absent: plain HTTP.'),
  annotations: z.record(z.string().max(317), z.string()).default({}).describe('Annotations of the Ingress.'),
})

export const networkPolicySchema = z.strictObject({
  enabled: z.boolean().default(false).describe(`Whether a NetworkPolicy fences the pods. ${later}`),
})

export const monitoringSchema = z.strictObject({
  serviceMonitor: z.boolean().default(false).describe(`Whether there is a ServiceMonitor for Prometheus. ${later}`),
  prometheusRule: z.boolean().default(false).describe(`Whether there are alerts. ${later}`),
})

export const backupSchema = z.strictObject({
  schedule: z.string().min(9).max(120).describe('When, as a cron expression: `0 3 * * *`.'),
  retention: durationSchema.default('30d').describe('How long a backup is kept.'),
  destination: z.string().min(1).max(2048).describe('Where to, such as `s3://bucket/path`.'),
})
