/**
 * A metadata filter after parsing and validation (api/retrieval/filters/parse.ts makes it from JSON): a small tree that
 * each engine translates. `field` is a path into the metadata, segments joined by dots (`author.name`).
 */
export type MetadataFilter =
  | { readonly and: readonly MetadataFilter[] }
  | { readonly or: readonly MetadataFilter[] }
  | { readonly not: MetadataFilter }
  | Condition

export type Scalar = string | number | boolean

/**
 * One comparison. A field that holds a list matches when one of its elements does. A missing field matches nothing but
 * `exists: false`, `ne` and `nin` (they are the negations of `eq` and `in`). Types are not converted: `eq: "5"` does not
 * match 5. Ranges compare numbers with numbers, and RFC 3339 date-times with date-times. `contains` is a
 * case-insensitive substring of a string, or an equal element of a list.
 */
export type Condition = { readonly field: string } & (
  | { readonly op: 'eq' | 'ne'; readonly value: Scalar }
  | { readonly op: 'in' | 'nin'; readonly value: readonly Scalar[] }
  | { readonly op: 'gt' | 'gte' | 'lt' | 'lte'; readonly value: number | string }
  | { readonly op: 'exists'; readonly value: boolean }
  | { readonly op: 'contains'; readonly value: string }
)
