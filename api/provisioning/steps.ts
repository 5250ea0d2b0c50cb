import type { Owner } from '../contract/ownership.ts'
import type { StructureDifference } from '../stores/postgres/schema-structure.ts'
import type { StrayGrant } from '../stores/postgres/stray-grants.ts'
import type { CollectionTuning, TuningPart } from '../stores/vectors/tuning.ts'
import type { CollectionSpec, PayloadIndex } from '../stores/vectors/vector-store.ts'
import type { DesiredApiKey, DesiredKnowledgeBase, DesiredTenant } from './desired.ts'

/**
 * One thing to change in Postgres or in the vector store. Plans are lists of these (plan-pipeline.ts, plan-tenant.ts make
 * them, pure), apply.ts carries them out one by one, and each may be carried out twice without harm. An empty plan means
 * that the world is as desired: nothing is written.
 */
export type Step =
  | {
      readonly kind: 'migrate-control-schema'
      readonly from: string | null
      readonly to: string
      readonly owner: Owner
    }
  /** `slug`: a tenant's schema; null: the control schema. */
  | { readonly kind: 'adopt-schema'; readonly schema: string; readonly slug: string | null; readonly owner: Owner }
  | { readonly kind: 'create-collection'; readonly alias: string; readonly name: string; readonly generation: number; readonly spec: CollectionSpec; readonly model: string | null } // prettier-ignore
  /** `replaces`: the index of another kind that goes first; null when there is none. */
  | { readonly kind: 'create-payload-index'; readonly collection: string; readonly index: PayloadIndex; readonly tenancy: 'shared' | 'dedicated'; readonly replaces: string | null } // prettier-ignore
  | { readonly kind: 'tune-collection'; readonly collection: string; readonly tuning: CollectionTuning; readonly part: TuningPart } // prettier-ignore
  | { readonly kind: 'set-alias'; readonly alias: string; readonly collection: string }
  | { readonly kind: 'adopt-collection'; readonly collection: string; readonly owner: Owner }
  | { readonly kind: 'record-generation'; readonly alias: string; readonly collection: string; readonly generation: number; readonly fingerprint: string; readonly model: string | null; readonly dimension: number | null; readonly distance: string | null } // prettier-ignore
  | { readonly kind: 'create-tenant'; readonly tenant: DesiredTenant; readonly collection: string }
  | { readonly kind: 'take-tenant'; readonly tenant: DesiredTenant; readonly from: Owner }
  | { readonly kind: 'update-tenant'; readonly tenant: DesiredTenant; readonly changed: readonly string[] }
  | { readonly kind: 'create-role'; readonly slug: string }
  | { readonly kind: 'create-schema'; readonly slug: string; readonly owner: Owner }
  /** An archive becomes the tenant's schema. */
  | { readonly kind: 'restore-schema'; readonly slug: string; readonly archive: string; readonly owner: Owner }
  /** The points that came with the archive go back to the tenant's collection. */
  | { readonly kind: 'restore-points'; readonly slug: string }
  | { readonly kind: 'grant-schema'; readonly slug: string; readonly missing: readonly string[] }
  /** `slug`: a tenant's schema; null: the control schema. Makes indexes and constraints anew that somebody dropped. */
  | { readonly kind: 'mend-schema'; readonly schema: string; readonly slug: string | null; readonly missing: readonly StructureDifference[] } // prettier-ignore
  /** `slug`: rights in a tenant's schema or of its role; null: in the control schema. */
  | { readonly kind: 'revoke-grants'; readonly slug: string | null; readonly grants: readonly StrayGrant[] }
  /** `target`: names of the migrations that the schema is to have; null: all that this version knows. */
  | { readonly kind: 'migrate-tenant-schema'; readonly slug: string; readonly from: string | null; readonly to: string; readonly target: readonly string[] | null } // prettier-ignore
  | { readonly kind: 'create-knowledge-base'; readonly slug: string; readonly knowledgeBase: DesiredKnowledgeBase }
  | { readonly kind: 'update-knowledge-base'; readonly slug: string; readonly knowledgeBase: DesiredKnowledgeBase; readonly changed: readonly string[] } // prettier-ignore
  | { readonly kind: 'release-knowledge-base'; readonly slug: string; readonly name: string }
  | {
      /** Makes a secret, puts it into the vault, then does what `register-key` does. */
      readonly kind: 'mint-key'
      readonly slug: string
      readonly key: DesiredApiKey
      /** Ids of older keys of that name; they work on for the key's `overlapSeconds`. */
      readonly replaces: readonly string[]
      readonly why: string
    }
  /** The vault has a secret that the database does not know: records its hash. */
  | { readonly kind: 'register-key'; readonly slug: string; readonly key: DesiredApiKey; readonly replaces: readonly string[] } // prettier-ignore
  | { readonly kind: 'update-key'; readonly slug: string; readonly key: DesiredApiKey; readonly id: string; readonly changed: readonly string[] } // prettier-ignore
  | { readonly kind: 'expire-keys'; readonly slug: string; readonly ids: readonly string[]; readonly at: Date }
  | { readonly kind: 'revoke-keys'; readonly slug: string; readonly ids: readonly string[]; readonly why: string }
  /** Takes secrets out of the vault; before their keys are revoked, so that a crash in between is noticed. */
  | { readonly kind: 'forget-secrets'; readonly slug: string; readonly names: readonly string[] }
  /** `from` and `to`: aliases. The destination is there; a worker does the rest (moving/). */
  | { readonly kind: 'begin-move'; readonly slug: string; readonly from: string; readonly to: string }
  // Removal: plan-removal.ts
  | { readonly kind: 'cancel-move'; readonly slug: string; readonly id: string }
  | { readonly kind: 'release-tenant'; readonly slug: string; readonly id: string }
  | { readonly kind: 'disable-tenant'; readonly slug: string; readonly id: string; readonly why: string }
  | (ArchiveStep & { readonly kind: 'archive-schema' })
  | (ArchiveStep & { readonly kind: 'archive-points'; readonly tenantId: string; readonly collection: string })
  | { readonly kind: 'drop-archive'; readonly slug: string; readonly tenantId: string | null; readonly archive: string }
  | { readonly kind: 'drop-schema'; readonly slug: string; readonly tenantId: string | null }
  | { readonly kind: 'drop-role'; readonly slug: string }
  | { readonly kind: 'delete-points'; readonly slug: string; readonly id: string; readonly collection: string }
  /** `tenantId`: whose alone it is; null for a shared one. */
  | {
      readonly kind: 'delete-collection'
      readonly alias: string
      readonly collection: string
      readonly tenantId: string | null
    }
  /** Also writes the receipt of what was erased. */
  | {
      readonly kind: 'delete-tenant'
      readonly slug: string
      readonly id: string
      readonly collection: string
      readonly owner: Owner
    }
  | { readonly kind: 'release-pipeline'; readonly owner: Owner }
  | { readonly kind: 'drop-control-schema' }

interface ArchiveStep {
  readonly slug: string
  /** Null: the tenant was never complete. */
  readonly tenantId: string | null
  readonly owner: Owner
  /** Schema that it is kept as. */
  readonly archive: string
  /** Of the vectors; null when there is no place for them. */
  readonly fingerprint: string | null
}

export type StepKind = Step['kind']
export type StepOf<Kind extends StepKind> = Extract<Step, { readonly kind: Kind }>

/**
 * Something that this plan must not change by itself: it belongs to somebody else, or cannot be changed in place. A plan
 * with an obstacle in one area has no steps in that area.
 */
export interface Obstacle {
  /**
   * `Conflict`: somebody else's. `Unrepairable`: ours, but only a person can decide (another vector size). `Waiting`:
   * something that another resource makes is not there yet.
   */
  readonly reason: 'Conflict' | 'Unrepairable' | 'NewerSchema' | 'Waiting'
  readonly area: 'database' | 'vectors' | 'tenant' | 'knowledge-bases' | 'keys'
  /** What is in the way, and what to do about it. */
  readonly message: string
}

/** A difference between what is and what should be, told in `status.drift[]`. */
export interface Drift {
  readonly object: string
  readonly field: string
  readonly wanted: string
  readonly found: string
  /** What a person does about it; only where the product cannot repair it by itself. */
  readonly remedy?: string | undefined
}

/** Drift in a store, and the steps that repair it; none: only a person can. */
export interface StoreDrift extends Drift {
  readonly repair: readonly Step[]
}

export interface Plan {
  readonly steps: readonly Step[]
  readonly obstacles: readonly Obstacle[]
  /** What had been as desired once and no longer is; empty on first creation. */
  readonly drift: readonly StoreDrift[]
}
