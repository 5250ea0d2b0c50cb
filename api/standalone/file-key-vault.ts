import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyVault } from '../provisioning/desired.ts'
import { type Home, readSecret, writeSecret } from './home.ts'

/** Keeps a tenant's API keys as files `keys/<tenant>/<name>`, readable by their owner only. */
export function fileKeyVault(home: Home, tenant: string): KeyVault {
  // Names come from validated resources: lower-case letters, digits and hyphens, so they cannot leave the folder.
  const path = (keyName: string) => join(home.keys, tenant, keyName)
  return {
    read: keyName => readSecret(path(keyName)),
    write: (keyName, secret) => writeSecret(path(keyName), secret),
    remove: keyName => rm(path(keyName), { force: true }),
  }
}
