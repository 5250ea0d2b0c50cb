import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ApiError } from '../contract/error-codes.ts'

/** Headers of a GET that can be answered with 304. */
export const unlessKnown = z.object({
  'if-none-match': z.string().max(1000).optional().describe('ETag of the last answer; 304 when it is still the same.'),
})

/** Headers of a change that is to be made only to what the caller has seen. */
export const onlyIfSeen = z.object({
  'if-match': z.string().max(1000).optional().describe('ETag that it must still have; 412 when it has changed.'),
})

/**
 * Names what a body says: the same for the same JSON. What is in it and changes by itself (`state`, a count) is named apart, after a
 * dot: it makes an answer another one, and no change of the rest unseen. Pure.
 */
export function entityTag(body: unknown, state?: unknown): string {
  return state === undefined ? `"${digest(body)}"` : `"${digest(body)}.${digest(state)}"`
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22)
}

/** The answer to a GET: 304 where the caller has the body already. @param tag of the body */
export function unlessSeen<B>(body: B, headers: z.output<typeof unlessKnown>, tag = entityTag(body)) {
  const fields = { ETag: tag, 'Cache-Control': 'private, no-cache' }
  const seen = headers['if-none-match']
  if (seen !== undefined && names(seen, tag)) return { status: 304, headers: fields } as const
  return { status: 200, body, headers: fields } as const
}

/** Lets a change of `body` pass, or not; whatever its state was. @throws ApiError PRECONDITION_FAILED */
export function requireSeen(body: unknown, { 'if-match': seen }: z.output<typeof onlyIfSeen>): void {
  if (seen === undefined || names(seen.replace(/\.[\w-]*"/g, '"'), entityTag(body))) return
  throw new ApiError('PRECONDITION_FAILED', `If-Match: it has changed since ${seen.slice(0, 100)}; get it again and decide anew`) // prettier-ignore
}

function names(header: string, tag: string): boolean {
  return header.split(',').some(given => {
    const plain = given.trim()
    return plain === '*' || plain.replace(/^W\//, '') === tag
  })
}
