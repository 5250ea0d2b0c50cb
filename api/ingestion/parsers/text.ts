import { decodeText } from './decode-text.ts'
import type { Parser } from './parser.ts'

/** Plain text of any kind: prose, logs, configuration, source code. Nothing in it has a meaning. */
export const textParser: Parser = {
  format: 'text',
  mediaTypes: ['text/plain', 'application/xml', 'text/xml', 'application/yaml'],
  endings: ['txt', 'text', 'log'],
  async parse(bytes) {
    return { text: decodeText(bytes), sections: [] }
  },
}
