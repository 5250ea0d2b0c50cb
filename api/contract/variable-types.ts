import { z } from 'zod'

/** What environment variables are read as. */

export const flag = (standard: boolean) =>
  z
    .enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'], 'must be true or false')
    .default(standard ? 'true' : 'false')
    .transform(value => ['true', '1', 'yes', 'on'].includes(value))

export const integer = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))

export const decimal = (minimum: number) =>
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().min(minimum))

export const list = z
  .string()
  .transform(value => value.split(',').map(item => item.trim()).filter(item => item !== '')) // prettier-ignore

export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .transform(value => value.replace(/\/+$/, ''))

/** Optional, and never printed. */
export const secret = (description: string) => z.string().min(1).optional().describe(description).meta({ secret: true })
