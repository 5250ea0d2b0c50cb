/**
 * A metadata filter after parsing and validation (api/retrieval/filters/parse.ts makes it from JSON): a small tree which
 * compile-filter.ts brings into the form that the engines translate.
 */
export type MetadataFilter =
  | { readonly and: readonly MetadataFilter[] }
  | { readonly or: readonly MetadataFilter[] }
  | { readonly not: MetadataFilter }
  | Condition

export type Scalar = string | number | boolean

/**
 * One comparison.
 * - A field is a path into the metadata, its keys joined by dots (`author.name`); a key that has a dot in it reads alike.
 *   A list of objects reads as if each of their fields held a list (`authors.name`).
 * - A field that holds a list matches when one of its elements does.
 * - A missing field, a null and an empty list match nothing but `exists: false`, `ne` and `nin` (they are the negations of
 *   `eq` and `in`). `in: []` matches nothing, `nin: []` everything.
 * - Types are not converted: `eq: "5"` does not match 5. Strings are compared as they are, in upper and lower case.
 * - Ranges compare numbers with numbers, and RFC 3339 date-times with date-times: a date alone is its first moment, a time
 *   without an offset is UTC.
 * - `contains` matches a string that has all words of the value, in any order and in upper or lower case, and a list that
 *   has an element equal to the value. Words, and not any substring: that is what both engines answer alike and from an
 *   index (hack/adr/0005-metadata-filters.md). In Chinese, Japanese and Thai each pair of neighbouring characters is a word.
 */
export type Condition = { readonly field: string } & (
  | { readonly op: 'eq' | 'ne'; readonly value: Scalar }
  | { readonly op: 'in' | 'nin'; readonly value: readonly Scalar[] }
  | { readonly op: 'gt' | 'gte' | 'lt' | 'lte'; readonly value: number | string }
  | { readonly op: 'exists'; readonly value: boolean }
  | { readonly op: 'contains'; readonly value: Scalar }
)
