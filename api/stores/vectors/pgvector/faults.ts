import { databaseFault } from '../../postgres/database-errors.ts'
import { CollectionMissing, VectorStoreUnavailable } from '../vector-store.ts'

/** Whether the error says that a table, or the schema that would hold it, is not there. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '42P01' || error.code === '3F000')
}

/** Runs queries about a collection and gives the faults of Postgres the names of the interface. */
export async function onTable<T>(collection: string, work: () => Promise<T>): Promise<T> {
  try {
    return await named(work)
  } catch (error) {
    if (isMissingTable(error)) throw new CollectionMissing(collection, { cause: error })
    throw error
  }
}

/** Runs queries; where Postgres is away or overloaded, that is a VectorStoreUnavailable. */
export async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = databaseFault(error)
    if (fault === 'unavailable' || fault === 'refused' || fault === 'timeout' || fault === 'retry')
      throw new VectorStoreUnavailable(
        `Postgres, which holds the vectors, cannot answer: ${(error as Error).message}`,
        {
          cause: error,
        },
      )
    throw error
  }
}
