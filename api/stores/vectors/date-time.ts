const PATTERN = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})?)?$/

/**
 * Milliseconds since 1970 of an RFC 3339 date-time, with fractions below a millisecond kept. A date alone is its first
 * moment, and a time without an offset is UTC. Null when the text is something else, such as the 30th of February.
 */
export function dateTimeMs(text: string): number | null {
  const match = PATTERN.exec(text)
  if (!match) return null
  const [, date = '', time = '00:00:00', fraction = '0', offset = 'Z'] = match
  const whole = Date.parse(`${date}T${time}${offset.toUpperCase()}`)
  // Date.parse carries days over (February 30th becomes March 1st); a real date comes back as it was.
  const real = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(whole) || Number.isNaN(real.getTime()) || real.toISOString().slice(0, 10) !== date) return null
  return whole + Number(`0.${fraction}`) * 1000
}
