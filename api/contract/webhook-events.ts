/** What a webhook can be told of. Users program against these. */
export const webhookEvents = [
  'document.ready',
  'document.failed',
  'document.deleted',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
] as const

export type WebhookEvent = (typeof webhookEvents)[number]
