import { ApiError } from '../contract/error-codes.ts'
import { type Keyset, type Position, isPosition } from '../stores/postgres/keyset.ts'

export interface Cursor {
  /** Of the page that it leads to, counted from the first. */
  readonly page: number
  readonly position: Position
}

/** Opaque to callers: what is in it may change with any release. Pure. */
export function writeCursor({ page, position }: Cursor, { list }: Keyset): string {
  return Buffer.from(JSON.stringify([list, page, ...position])).toString('base64url')
}

/** @throws ApiError VALIDATION_ERROR for what was not written for this list */
export function readCursor(text: string, order: Keyset): Cursor {
  const [list, page, ...position] = parse(text)
  if (list === order.list && typeof page === 'number' && Number.isSafeInteger(page) && isPosition(position, order))
    return { page, position }
  throw new ApiError('VALIDATION_ERROR', 'cursor: is none of this list; send the next_cursor of its last answer, or none to begin anew') // prettier-ignore
}

function parse(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
