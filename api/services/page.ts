import type { FoundSlice, Slice } from '../stores/postgres/keyset.ts'

/** Which part of a list is wanted. */
export type PageRequest = Slice

/** A part of a list, how long the whole list is, and where the part ends. */
export type Page<T> = Omit<FoundSlice<T>, 'items'> & { readonly items: readonly T[] }
