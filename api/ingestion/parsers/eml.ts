import PostalMime, { type Address, type Email } from 'postal-mime'
import { htmlParser } from './html.ts'
import { type Parser, UnreadableDocument } from './parser.ts'
import { TextBuilder } from './text-builder.ts'

/** A mail: who wrote what to whom and when, then its text. Attachments are named, not read. */
export const emlParser: Parser = {
  format: 'eml',
  mediaTypes: ['message/rfc822'],
  endings: ['eml'],
  async parse(bytes) {
    const mail = await PostalMime.parse(bytes)
    const builder = new TextBuilder()
    const headings = mail.subject ? [mail.subject] : []
    builder.add(head(mail), { headings })
    builder.add(await body(mail), { headings })
    return builder.build(mail.subject)
  },
}

function head({ from, to, cc, date, subject, attachments }: Email): string {
  const named = attachments.flatMap(({ filename }) => filename ?? [])
  const lines = [
    ['From', from ? people([from]) : ''],
    ['To', people(to ?? [])],
    ['Cc', people(cc ?? [])],
    ['Date', date ?? ''],
    ['Subject', subject ?? ''],
    ['Attachments', named.join(', ')],
  ]
  return lines.filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}`).join('\n') // prettier-ignore
}

function people(addresses: readonly Address[]): string {
  return addresses.map(({ name, address }) => (name && address ? `${name} <${address}>` : (address ?? name))).join(', ')
}

async function body({ text, html }: Email): Promise<string> {
  if (text?.trim() || !html) return text?.trim() ?? ''
  try {
    return (await htmlParser.parse(new TextEncoder().encode(html), {})).text
  } catch (error) {
    // A mail may be its subject and a picture.
    if (error instanceof UnreadableDocument) return ''
    throw error
  }
}
