import { generationOf } from '../contract/names.ts'
import type { EmbeddingGenerationRow } from '../stores/postgres/rows.ts'
import type { CollectionAdmin } from '../stores/vectors/vector-store.ts'
import type { ObservedCollection } from './observed.ts'

/**
 * Looks at an alias and at the collection that it points to or should point to.
 * @param generations what Postgres has recorded about the alias, oldest first
 */
export async function observeCollection(
  collections: CollectionAdmin,
  alias: string,
  generations: readonly EmbeddingGenerationRow[],
): Promise<ObservedCollection> {
  const target = await collections.resolve(alias)
  const recorded = generations.findLast(row => row.status === 'active')?.collection
  const state =
    (await describe(collections, recorded)) ??
    (await describe(collections, target === recorded ? undefined : (target ?? undefined)))
  if (target) return { alias, target, nameTaken: false, state, generations }
  const nameTaken = (await collections.describe(alias)) !== null
  if (state) return { alias, target, nameTaken, state, generations }
  // Neither alias nor record: nothing was made yet, or making it was interrupted.
  const interrupted = nameTaken ? undefined : await newestGeneration(collections, alias)
  return { alias, target, nameTaken, state: (await describe(collections, interrupted)) ?? null, generations }
}

async function describe(collections: CollectionAdmin, name: string | undefined) {
  return name === undefined ? null : collections.describe(name)
}

async function newestGeneration(collections: CollectionAdmin, alias: string): Promise<string | undefined> {
  const names = await listGenerationNames(collections, alias)
  return names.at(-1)
}

/** Real names of the alias's generations that are there, oldest first. */
export async function listGenerationNames(collections: CollectionAdmin, alias: string): Promise<string[]> {
  const numbered = (await collections.list(`${alias}_g`)).map(name => ({ name, number: generationOf(alias, name) }))
  return numbered
    .filter(({ number }) => number !== null)
    .sort((a, b) => Number(a.number) - Number(b.number))
    .map(({ name }) => name)
}
