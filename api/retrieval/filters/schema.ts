import { z } from 'zod'

const description = `Conditions on metadata. A field takes the value it must have, or operators that must all hold; fields beside each
other must all match. \`and\`, \`or\` (lists of filters) and \`not\` (a filter) may stand beside fields. At most 8 levels and 100 conditions.

| operator | matches |
| --- | --- |
| \`eq\`, \`ne\` | the same value; strings in the same case, \`"5"\` is not \`5\` |
| \`in\`, \`nin\` | one of a list of values |
| \`gt\`, \`gte\`, \`lt\`, \`lte\` | numbers with a number, dates and RFC 3339 date-times with one of them |
| \`exists\` | \`true\`: the field is there and neither null nor an empty list |
| \`contains\` | a string with all words of the value, in any order and case; a list with an equal element |

A field is a path with dots (\`author.name\`). One that holds a list matches when one element does. A missing field only matches
\`ne\`, \`nin\` and \`exists: false\`.`

const examples = [
  { lang: 'en', year: { gte: 2020, lt: 2024 } },
  { or: [{ tags: { contains: 'billing' } }, { not: { 'author.name': 'Ann' } }] },
]

/**
 * For request bodies and OpenAPI: an object, as it came. `parseFilter` reads it. Not a z.record, which would drop a key
 * named `__proto__` without a word, and the condition with it.
 */
export const metadataFilterSchema = z
  .unknown()
  .refine(value => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: 'must be an object of conditions, such as {"lang": "en"}',
  })
  .meta({ type: 'object', additionalProperties: true, description, examples })
