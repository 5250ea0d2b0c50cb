import { z } from 'zod'
import type { Page } from '../services/page.ts'

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
})

/** What every list answers with. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    total: z.int().describe('Number of items on all pages.'),
    page: z.int(),
    page_size: z.int(),
    pages: z.int().describe('Number of pages; 0 when there are no items.'),
  })
}

export interface PageQuery {
  readonly page: number
  readonly page_size: number
}

/** The part of a list that a query asks for. */
export function pageRequest(query: PageQuery): { limit: number; offset: number } {
  return { limit: query.page_size, offset: (query.page - 1) * query.page_size }
}

/** A part of a list as it is answered; `show` turns an item into JSON. */
export function pageReply<T, U>(found: Page<T>, query: PageQuery, show: (item: T) => U) {
  return {
    items: found.items.map(show),
    total: found.total,
    page: query.page,
    page_size: query.page_size,
    pages: Math.ceil(found.total / query.page_size),
  }
}
