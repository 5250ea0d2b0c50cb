/** Shorter repetitions are words that everybody uses. */
const WINDOW = 16

/**
 * A message without what it repeats of what was sent. Servers quote requests in their errors, and errors are logged and shown, where the
 * text of a document, a question or a key must not be. Pure.
 */
export function withoutEcho(message: string, sent: readonly string[]): string {
  const all = sent.join('\n')
  let kept = ''
  for (let at = 0; at < message.length;) {
    let end = at + WINDOW
    if (end > message.length || !all.includes(message.slice(at, end))) {
      kept += message[at++]
      continue
    }
    while (end < message.length && all.includes(message.slice(at, end + 1))) end += 1
    kept += '…'
    at = end
  }
  return kept
}
