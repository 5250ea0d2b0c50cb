import { inTenant } from '../../stores/postgres/tenant-scope.ts'
import { type Contents, documentsToCompare, readContents } from '../../stores/postgres/vector-contents.ts'
import { VectorStoreUnavailable } from '../../stores/vectors/vector-store.ts'
import type { HeldMove } from './held-move.ts'
import { switchPlace } from './switch-place.ts'

const PAGE = 256
/** A document that was changed bears the time at which that transaction began; none is as long. */
const LONGEST_TRANSACTION_MS = 600_000

/**
 * While no job of the tenant runs: copies the documents that have changed since copying began, makes sure that both places
 * have the same number of points of each document, and switches. When something changed in between (a document can be
 * deleted at any time), the next attempt catches up with that.
 */
export async function catchUp(held: HeldMove): Promise<void> {
  const { vectors } = held.stores
  const { contents, documents } = await changedSinceCopying(held)
  for (const documentId of documents) await copyDocument(held, documentId)
  const [there, here] = [await vectors.countByDocument(held.source), await vectors.countByDocument(held.target)]
  const [different] = differing(there, here)
  if (different !== undefined)
    throw new VectorStoreUnavailable(`document ${different} has ${there.get(different) ?? 0} points in ${held.row.source} and ${here.get(different) ?? 0} in ${held.row.target}`) // prettier-ignore
  const points = [...here.values()].reduce((sum, count) => sum + count, 0)
  await switchPlace(held, contents, points)
}

async function changedSinceCopying(held: HeldMove): Promise<{ contents: Contents; documents: readonly string[] }> {
  const { stores, row } = held
  const baseline = row.baseline ?? {}
  const since = new Date((row.begun_at ?? row.created_at).getTime() - LONGEST_TRANSACTION_MS)
  const { contents, touched } = await inTenant(stores.database, held.scope, async tenant => {
    const read = await readContents(tenant, 'read')
    const reweighed = Object.keys(read).filter(
      id => read[id]?.weight === null || read[id]?.weight !== baseline[id]?.weight,
    )
    return { contents: read, touched: await documentsToCompare(tenant, reweighed, since) }
  })
  // Counts tell of documents that are gone from one side, which no row does.
  const [there, here] = [await stores.vectors.countByDocument(held.source), await stores.vectors.countByDocument(held.target)] // prettier-ignore
  const known = touched.filter(id => there.has(id) || here.has(id))
  return { contents, documents: [...new Set([...known, ...differing(there, here)])] }
}

function differing(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter(id => one.get(id) !== other.get(id))
}

/** Its points become what they are in the source, and no others. */
async function copyDocument(held: HeldMove, documentId: string): Promise<void> {
  const { vectors } = held.stores
  const ids: string[] = []
  for (let after: string | null = null; ;) {
    const points = await vectors.page(held.source, { after, limit: PAGE, documentId })
    if (points.length > 0) ids.push(...(await held.write(points)))
    if (points.length < PAGE) break
    after = points.at(-1)!.id
  }
  await held.keep()
  await vectors.delete(held.target, { documentId, exceptIds: ids })
}
