import { decodeText } from './decode-text.ts'
import type { Parser } from './parser.ts'

/** Plain text of any kind: prose, logs, CSV, JSON, source code. Nothing in it has a meaning. */
export const textParser: Parser = {
  format: 'text',
  mediaTypes: [
    'text/plain',
    'text/csv',
    'text/tab-separated-values',
    'application/json',
    'application/xml',
    'text/xml',
    'application/yaml',
  ],
  async parse(bytes) {
    return { text: decodeText(bytes), sections: [] }
  },
}
