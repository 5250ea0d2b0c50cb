import { createHash, randomBytes } from 'node:crypto'

/** What a key may do; each role includes the ones after it. */
export const roles = ['admin', 'write', 'read'] as const
export type Role = (typeof roles)[number]

const PREFIX = 'kb_sk_'
const PATTERN = /^kb_sk_[A-Za-z0-9_-]{43}$/

/** Whether a key with `role` may do what needs `needed`. */
export function roleAllows(role: Role, needed: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(needed)
}

/** A new secret key: `kb_sk_` and 32 random bytes in base64url. */
export function mintApiKey(): string {
  return PREFIX + randomBytes(32).toString('base64url')
}

export function isApiKey(value: string): boolean {
  return PATTERN.test(value)
}

/** SHA-256 in hex: all that the database keeps. A key has 256 bits of entropy, so no salt or slow hash is needed. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** The part that may be shown in lists, status and logs: `kb_sk_1a2b3c`. */
export function apiKeyPrefix(key: string): string {
  return key.slice(0, PREFIX.length + 6)
}
