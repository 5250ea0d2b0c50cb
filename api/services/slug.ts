import { createHash } from 'node:crypto'
import { isSlug } from '../contract/names.ts'

const MAX_LENGTH = 48

/**
 * A slug for a tenant whose maker gave a name only: `Default Tenant` → `default-tenant`. The same name gives the same slug.
 * Names without a Latin letter or digit get one made from a digest. Pure.
 */
export function slugOf(name: string): string {
  const latin = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  const trimmed = latin
    .replace(/^[^a-z]+/, '')
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, '')
  return isSlug(trimmed) ? trimmed : `t-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
}
