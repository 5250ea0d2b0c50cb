import { z } from 'zod'

const secretName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be the name of a Secret: lower-case letters, digits, - and .')

export const secretNameSchema = secretName.describe('Name of a Secret in the namespace of this resource.')

const key = (standard: string, what: string) =>
  z
    .string()
    .regex(/^[-._a-zA-Z0-9]+$/, 'must be a key of a Secret: letters, digits, -, _ and .')
    .min(1)
    .max(253)
    .default(standard)
    .describe(`Key in the Secret's data that holds ${what}.`)

/**
 * One value in a Secret of the resource's own namespace.
 * @param standard the key when the resource names none
 * @param what what the value is: `the password`
 */
export function secretKeyRef(standard: string, what: string) {
  return z.strictObject({ name: secretNameSchema, key: key(standard, what) })
}

/** User and password in one Secret, as `kubernetes.io/basic-auth` has them and as CloudNativePG writes them. */
export const credentialsSecretRefSchema = z.strictObject({
  name: secretNameSchema,
  usernameKey: key('username', 'the user'),
  passwordKey: key('password', 'the password'),
})
