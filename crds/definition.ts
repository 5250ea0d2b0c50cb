import type { z } from 'zod'

export const GROUP = 'selfrag.io'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`

/** Takes over a schema or a collection that bears somebody else's ownership marker, or none. */
export const ADOPT_ANNOTATION = 'selfrag.io/adopt'

/** While it is "true" the operator writes what it would do into `status.plan` and does none of it. */
export const PLAN_ANNOTATION = 'selfrag.io/plan'

/** On a RagTenant that is not provisioned yet: the snapshot of its earlier life that it is made of, `snapshot_…`. */
export const RESTORE_ANNOTATION = 'selfrag.io/restore'

/**
 * On a RagTenant: all of its declared keys are replaced, once for every new value. On the Secret of a key: that key alone.
 * Any text will do; a date says later when it was.
 */
export const ROTATE_ANNOTATION = 'selfrag.io/rotate-keys'

/** Another value than before runs a failed migration once more. */
export const MIGRATE_ANNOTATION = 'selfrag.io/migrate'

/** A column of `kubectl get`; those with priority 1 show with `-o wide` only. */
export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  readonly description: string
  readonly priority?: 1
}

/** Everything that the generator needs to write a CustomResourceDefinition. */
export interface ResourceDefinition {
  readonly kind: 'RagPipeline' | 'RagTenant'
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly columns: readonly PrinterColumn[]
  readonly schema: z.ZodType
}

export const CATEGORIES = ['selfrag', 'all'] as const
