/** Shorter repetitions are words that everybody uses. */
const WINDOW = 16
const MULTIPLIER = 31
/** Of the character that leaves a window, in its hash. */
const OLDEST = Array.from({ length: WINDOW }).reduce((power: number) => Math.imul(power, MULTIPLIER), 1)

/**
 * A message without what it repeats of what was sent. Servers quote requests in their errors, and errors are logged and shown, where the
 * text of a document, a question or a key must not be. Pure.
 *
 * What was sent (some megabytes) is read once, however long the message is: a rolling hash tells which of its windows may be
 * one of the message's (Rabin and Karp).
 */
export function withoutEcho(message: string, sent: readonly string[]): string {
  const windows = windowsOf(message)
  const repeated = new Uint8Array(message.length)
  for (const text of sent) for (const at of findAll(windows, text)) repeated.fill(1, at, at + WINDOW)
  let kept = ''
  for (let at = 0; at < message.length; at++) {
    if (!repeated[at]) kept += message[at]
    else if (!repeated[at - 1]) kept += '…'
  }
  return kept
}

/** By hash, the windows of the message that have it, each with the places where it begins. */
type Windows = Map<number, Map<string, number[]>>

function windowsOf(message: string): Windows {
  const windows: Windows = new Map()
  roll(message, (hash, at) => {
    const window = message.slice(at, at + WINDOW)
    const same = windows.get(hash) ?? new Map<string, number[]>()
    windows.set(hash, same.set(window, [...(same.get(window) ?? []), at]))
  })
  return windows
}

/** Gives the places in the message of those that the text holds, and looks for them no more. */
function findAll(windows: Windows, text: string): number[] {
  const places: number[] = []
  if (windows.size > 0)
    roll(text, (hash, at) => {
      const candidates = windows.get(hash)
      const found = candidates?.get(text.slice(at, at + WINDOW))
      if (!candidates || !found) return
      places.push(...found)
      candidates.delete(text.slice(at, at + WINDOW))
      if (candidates.size === 0) windows.delete(hash)
    })
  return places
}

/** Calls with the hash and the beginning of every window of a text. */
function roll(text: string, visit: (hash: number, at: number) => void): void {
  let hash = 0
  for (let end = 0; end < text.length; end++) {
    hash = (Math.imul(hash, MULTIPLIER) + text.charCodeAt(end)) | 0
    if (end >= WINDOW) hash = (hash - Math.imul(text.charCodeAt(end - WINDOW), OLDEST)) | 0
    if (end >= WINDOW - 1) visit(hash, end - WINDOW + 1)
  }
}
