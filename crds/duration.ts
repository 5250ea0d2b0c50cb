import { z } from 'zod'

const seconds = { m: 60, h: 3600, d: 86_400 } as const
const PATTERN = /^([1-9][0-9]{0,5})([mhd])$/

/** `90m`, `720h`, `30d`. One number and one unit, so that the API server can check it with a pattern. */
export const durationSchema = z.string().max(7).regex(PATTERN, 'must be a number and a unit, such as 90m, 720h or 30d')

/** @throws RangeError when the text is not such a duration; resources are validated before they get here. */
export function durationSeconds(duration: string): number {
  const match = PATTERN.exec(duration)
  if (!match) throw new RangeError(`${JSON.stringify(duration)} is not a duration such as 90m, 720h or 30d`)
  return Number(match[1]) * seconds[match[2] as keyof typeof seconds]
}
