import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ROTATE_ANNOTATION } from '../../crds/definition.ts'
import type { RagTenant } from '../../crds/rag-tenant.ts'
import type { KeyVault } from '../provisioning/desired.ts'
import { type Home, readSecret, writeSecret } from './home.ts'

/**
 * Keeps a tenant's API keys as files `keys/<tenant>/<name>`, readable by their owner only. Beside one that was rotated by
 * annotation, `<name>.rotated-for` holds the annotation's value.
 */
export function fileKeyVault(home: Home, { metadata }: RagTenant): KeyVault {
  // Names come from validated resources: lower-case letters, digits and hyphens, so they cannot leave the folder.
  const path = (keyName: string) => join(home.keys, metadata.name, keyName)
  const answered = (keyName: string) => `${path(keyName)}.rotated-for`
  // As it is read again from the file: without white space around it.
  const asked = metadata.annotations?.[ROTATE_ANNOTATION]?.trim() || null
  return {
    async read(keyName) {
      const secret = await readSecret(path(keyName))
      if (secret === null) return null
      return { secret, rotationAsked: asked !== null && asked !== (await readSecret(answered(keyName))) }
    },
    async write(keyName, secret) {
      await writeSecret(path(keyName), secret)
      // After the key: a crash in between rotates twice, which harms nobody; the other way round it would not at all.
      if (asked !== null) await writeSecret(answered(keyName), asked)
    },
    async remove(keyName) {
      await rm(path(keyName), { force: true })
      await rm(answered(keyName), { force: true })
    },
  }
}
