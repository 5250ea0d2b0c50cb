import { createHmac, randomBytes } from 'node:crypto'

/** As Standard Webhooks has them: `whsec_` and 24 bytes in base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`
}

export interface SignedMessage {
  readonly id: string
  readonly body: string
  /** When it is sent: receivers refuse what is minutes old. */
  readonly at: Date
}

/** The headers of https://www.standardwebhooks.com, which its libraries verify. Pure. */
export function signatureHeaders({ id, body, at }: SignedMessage, secret: string): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
