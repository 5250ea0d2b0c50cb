import type { Role } from '../contract/api-key.ts'

/** Who makes a request. */
export type Caller = KeyCaller | AdminCaller | AnonymousCaller

export interface KeyCaller {
  readonly type: 'api-key'
  readonly keyId: string
  /** Shown in lists and logs: `kb_sk_1a2b3c`. */
  readonly prefix: string
  readonly role: Role
  readonly tenantId: string
}

/** Somebody who knows the admin token. */
export interface AdminCaller {
  readonly type: 'admin'
}

export interface AnonymousCaller {
  readonly type: 'anonymous'
}

/** What every change records: who asked, and with which request. */
export interface Request {
  readonly caller: Caller
  readonly requestId: string
}
