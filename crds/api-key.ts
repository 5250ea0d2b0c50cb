import { z } from 'zod'
import { roles } from '../api/contract/api-key.ts'
import { durationSchema } from './duration.ts'
import { knowledgeBaseNameSchema } from './knowledge-base.ts'
import { secretNameSchema } from './secret-ref.ts'

export const apiKeySchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits and inner hyphens')
      .describe('Name, unique within the tenant.'),
    role: z.enum(roles).describe('What it may do: `read` retrieves, `write` also changes documents, `admin` also keys and knowledge bases.'), // prettier-ignore
    knowledgeBases: z
      .array(knowledgeBaseNameSchema.describe('Name of a knowledge base in spec.knowledgeBases.'))
      .min(1)
      .max(50)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe('The only knowledge bases that it may touch; absent: all of the tenant.'),
    secretName: secretNameSchema.describe('Secret that the operator writes the key to, under `api-key`. It must not exist already, unless the operator made it.'), // prettier-ignore
    rotateAfter: durationSchema.optional().describe('Age at which the key is replaced, such as `720h` or `30d`; the old one goes on working for the overlap. Absent: only when the annotation `selfrag.io/rotate-keys` of the RagTenant, or of the Secret, gets a new value.'), // prettier-ignore
    rotationOverlap: durationSchema.optional().describe('How long a key that was replaced goes on working. Absent: a day, or half of rotateAfter if that is shorter.'), // prettier-ignore
  })
  .describe('An API key that this resource declares.')
