import type { PublicNetwork } from '../fetching/public-network.ts'
import { checkUrl } from '../fetching/target.ts'
import { ApiError } from '../contract/error-codes.ts'
import type { DueDelivery } from '../stores/postgres/webhook-deliveries.ts'
import type { AttemptResult } from './plan-attempt.ts'
import { signatureHeaders } from './signature.ts'

const TIMEOUT_MS = 10_000

/**
 * Sends one delivery, once. Redirects are not followed: the tenant named this place. What the receiver answers is not read, so that
 * nothing of it can be learned here but the status.
 */
export async function sendWebhook(
  network: PublicNetwork,
  { id, url, secret, payload }: DueDelivery,
  at: Date,
): Promise<AttemptResult> {
  const body = JSON.stringify(payload)
  const headers = { 'content-type': 'application/json', ...signatureHeaders({ id, body, at }, secret) }
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const answer = await network.request(checkUrl(url), { method: 'POST', headers, body }, limit)
    answer.destroy()
    const status = answer.statusCode ?? 0
    return { status, error: status >= 200 && status < 300 ? null : `the receiver answered ${status}` }
  } catch (error) {
    return { status: null, error: limit.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : describe(error) }
  }
}

function describe(error: unknown): string {
  if (error instanceof ApiError) return error.message
  return `the receiver cannot be reached (${(error as NodeJS.ErrnoException).code ?? (error as Error).name})`
}
