import type { TenantScope } from '../../stores/postgres/tenant-scope.ts'

/** A field of the documents' own metadata. */
export interface MetadataField {
  readonly name: string
  /** As JSON has them: `string`, `number`, `boolean`, `array`, `object`. */
  readonly types: readonly string[]
  /** A few values, as JSON. */
  readonly examples: readonly string[]
}

/** What there is to filter by. Nothing outside the scope is ever told. */
export interface MetadataFieldSource {
  fields(scope: TenantScope, knowledgeBaseIds: readonly string[]): Promise<MetadataField[]>
}
