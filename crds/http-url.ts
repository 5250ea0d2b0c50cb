import { z } from 'zod'
import { withRule } from './rule.ts'

/** An `http://` or `https://` URL. */
export const httpUrlSchema = withRule(z.string().max(2048), {
  cel: "self.matches('^https?://[^ /]+')",
  test: value => /^https?:\/\/[^ /]+/.test(value),
  message: 'must be an http:// or https:// URL, such as http://qdrant:6333',
})
