import { z } from 'zod'
import { ApiError } from '../contract/error-codes.ts'
import type { Page, PageRequest } from '../services/page.ts'
import type { Keyset } from '../stores/postgres/keyset.ts'
import { readCursor, writeCursor } from './cursor.ts'

/** A whole number in a query string. */
export function wholeNumber(minimum: number, maximum: number, standard: number) {
  return (
    z
      .string()
      .regex(/^\d{1,9}$/, 'must be a whole number')
      .transform(Number)
      .pipe(z.int().min(minimum).max(maximum))
      .default(standard)
      // Callers' generated clients should see a number, not the text that a query string is.
      .meta({ type: 'integer', minimum, maximum })
  )
}

/** The query parameters of every list; extend it with filters. */
export const pageQuery = z.strictObject({
  page: wholeNumber(1, 1_000_000, 1).describe('Number of the page, from 1.'),
  page_size: wholeNumber(1, 100, 20).describe('Items a page.'),
  cursor: z
    .string()
    .max(1000)
    .regex(/^[A-Za-z0-9_-]+$/, 'is none; send the next_cursor of the last answer')
    .optional()
    .describe('Instead of `page`: the `next_cursor` of the page before. Goes on after its last item, whatever was added or deleted since.'), // prettier-ignore
})

/** What every list answers with. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    total: z.int().describe('Number of items on all pages.'),
    page: z.int(),
    page_size: z.int(),
    pages: z.int().describe('Number of pages; 0 when there are no items.'),
    next_cursor: z.string().nullable().describe('For the parameter `cursor`; null on the last page.'),
  })
}

export interface PageQuery {
  readonly page: number
  readonly page_size: number
  readonly cursor?: string | undefined
}

/** The part of a list that a query asks for. @throws ApiError VALIDATION_ERROR for a cursor of something else */
export function pageRequest(query: PageQuery, order: Keyset): PageRequest {
  const { page, page_size: limit, cursor } = query
  if (cursor === undefined) return { limit, offset: (page - 1) * limit }
  if (page !== 1) throw new ApiError('VALIDATION_ERROR', 'page: has no meaning beside cursor; send one of them')
  return { limit, after: readCursor(cursor, order).position }
}

/** A part of a list as it is answered; `show` turns an item into JSON. */
export function pageReply<T, U>(found: Page<T>, query: PageQuery, order: Keyset, show: (item: T) => U) {
  const page = query.cursor === undefined ? query.page : readCursor(query.cursor, order).page
  return {
    items: found.items.map(show),
    total: found.total,
    page,
    page_size: query.page_size,
    pages: Math.ceil(found.total / query.page_size),
    next_cursor: found.end && writeCursor({ page: page + 1, position: found.end }, order),
  }
}
