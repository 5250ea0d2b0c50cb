import { v5 as uuidv5 } from 'uuid'

/** Our own UUIDv5 name space; changing it would orphan every stored point. */
const NAMESPACE = '6a0e3c1e-6c35-4b8e-9d55-9f4f2d1a7c10'

/** The id of a chunk's point in a collection's generation: always the same, so that a retry overwrites. */
export function pointId(chunkId: string, generation: number): string {
  return uuidv5(`${chunkId}/${generation}`, NAMESPACE)
}

/** The id of a document's chunk at a position: always the same, so that a retry writes no second row. */
export function chunkId(documentId: string, revision: number, position: number): string {
  return uuidv5(`${documentId}/${revision}/${position}`, NAMESPACE)
}
