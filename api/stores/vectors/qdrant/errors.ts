import { CollectionMissing, DimensionMismatch } from '../vector-store.ts'

/** Qdrant understood the request and refused it. Repeating it would not help. */
export class QdrantError extends Error {
  override readonly name = 'QdrantError'
  readonly status: number

  constructor(status: number, request: string, answer: string) {
    super(`Qdrant refused ${request} (${status}): ${answer}`)
    this.status = status
  }
}

export function isQdrantStatus(error: unknown, status: number): error is QdrantError {
  return error instanceof QdrantError && error.status === status
}

/** A 404 that is about the collection; there are others: about a point, or from a proxy that knows no such path. */
export function isCollectionMissing(error: unknown): boolean {
  return isQdrantStatus(error, 404) && /collection\b.*(doesn't exist|not found)/i.test(error.message)
}

/**
 * Runs a request about a collection and gives what Qdrant refuses its proper name. `denseLength`: of the dense vectors
 * that it carries, for a collection that has none.
 */
export async function onCollection<T>(collection: string, work: () => Promise<T>, denseLength = 0): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isCollectionMissing(error)) throw new CollectionMissing(collection, { cause: error })
    if (isQdrantStatus(error, 400)) {
      const sizes = /expected dim: (\d+), got (\d+)/.exec(error.message)
      if (sizes) throw new DimensionMismatch(collection, Number(sizes[1]), Number(sizes[2]), { cause: error })
    }
    if (isQdrantStatus(error, 400) && /not existing vector name/i.test(error.message))
      throw new DimensionMismatch(collection, 0, denseLength, { cause: error })
    throw error
  }
}
