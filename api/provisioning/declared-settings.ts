import type { AnsweringSettings } from '../contract/answering.ts'
import { defined } from '../contract/defined.ts'
import type { ModelChoice } from '../contract/model-reference.ts'
import type { DesiredTenant } from './desired.ts'

/** What a resource says in the column `settings` of a tenant or a knowledge base. What it does not say is not there. */
export type DeclaredSettings = {
  readonly models?: ModelChoice
  readonly answering?: AnsweringSettings
}

/** Empty choices are left out, so that saying nothing is always written in the same way. Pure. */
export function declaredSettings(models: ModelChoice | undefined, answering: AnsweringSettings | undefined) {
  const said = <T extends object>(choice: T | undefined) => {
    const fields = defined(choice ?? {})
    return Object.keys(fields).length > 0 ? (fields as T) : undefined
  }
  return defined({ models: said(models), answering: said(answering) }) as DeclaredSettings
}

/** The column as it is to be: what the resource can say is its alone, what else is there stays. Pure. */
export function withDeclared(
  stored: Readonly<Record<string, unknown>>,
  declared: DeclaredSettings = {},
): Record<string, unknown> {
  const { models: _models, answering: _answering, ...others } = stored
  return { ...others, ...declared }
}

/** What a tenant's resource says replaces what was set for it; HTTP's own tenants are changed by HTTP alone. Pure. */
export function settingsOf(
  { managedBy, settings }: Pick<DesiredTenant, 'managedBy' | 'settings'>,
  stored: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return managedBy === 'resource' ? withDeclared(stored, settings) : { ...stored }
}
