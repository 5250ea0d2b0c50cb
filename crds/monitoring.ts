import { z } from 'zod'
import { withRule } from './rule.ts'

const fields = z.strictObject({
  serviceMonitor: z.boolean().default(false).describe('Whether there is a ServiceMonitor `<name>`, and a Service `<name>-worker` so that workers are scraped too.'), // prettier-ignore
  prometheusRule: z.boolean().default(false).describe('Whether there is a PrometheusRule `<name>` with alerts on what is scraped.'), // prettier-ignore
  labels: z.record(z.string().max(317), z.string().max(63)).default({}).describe('Labels of both, by which a Prometheus selects them: `release: prometheus`.'), // prettier-ignore
})

/** Objects of the Prometheus operator; the condition MonitoringReady says whether its CRDs are there. */
export const monitoringSchema = withRule(fields, {
  cel: '!self.prometheusRule || self.serviceMonitor',
  test: ({ prometheusRule, serviceMonitor }) => !prometheusRule || serviceMonitor,
  message: 'prometheusRule needs serviceMonitor: its alerts are about what the ServiceMonitor has scraped',
})
