/** The text, or its beginning and how much of it is left out: etcd takes objects of 1.5 MB at most. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const end = (left: number) => `… (and ${left} more characters)`
  // What is left out is at most all of it, whose number takes the most room.
  const kept = withoutHalf(text.slice(0, Math.max(0, most - end(text.length).length)))
  return `${kept}${end(text.length - kept.length)}`
}

/** The first few, joined, and how many there are beside them. */
export function listed(parts: readonly string[], most: number, separator = '; '): string {
  const shown = parts.slice(0, most).join(separator)
  return parts.length > most ? `${shown}${separator}and ${parts.length - most} more` : shown
}

/** Half of a surrogate pair would come back from the API server as another character, and look like a change. */
function withoutHalf(text: string): string {
  return /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text
}
