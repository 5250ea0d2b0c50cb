import { z } from 'zod'
import { withRule } from './rule.ts'
import { secretNameSchema } from './secret-ref.ts'

const HOST = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const issuerRefSchema = z.strictObject({
  name: z.string().min(1).max(253).describe('Name of the issuer.'),
  kind: z.enum(['ClusterIssuer', 'Issuer']).default('ClusterIssuer').describe('`Issuer` is one in the namespace of this resource.'), // prettier-ignore
})

const tlsSchema = z.strictObject({
  secretName: secretNameSchema
    .optional()
    .describe('Secret of type kubernetes.io/tls with the certificate; absent: `<name>-tls`.'),
  issuerRef: issuerRefSchema
    .optional()
    .describe(
      'Issuer of cert-manager, which then writes the certificate into that Secret; absent: the Secret is yours.',
    ),
})

const fields = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether there is an Ingress `<name>-api`.'),
  className: z.string().min(1).max(253).optional().describe("Ingress class; absent: the cluster's default."),
  host: z
    .string()
    .max(253)
    .regex(HOST, 'must be a host name, such as rag.example.org')
    .optional()
    .describe('Host name under which the API is reached; status.externalUrl is made of it.'),
  tls: tlsSchema
    .optional()
    .describe('TLS at the Ingress; absent: plain HTTP, over which API keys can be read by others.'),
  annotations: z
    .record(z.string().max(317), z.string())
    .default({})
    .describe('Further annotations. They win over those that the operator sets for ingress-nginx and cert-manager.'),
})

/** How the API is reached from outside the cluster. */
export const ingressSchema = withRule(fields, {
  cel: '!self.enabled || has(self.host)',
  test: ({ enabled, host }) => !enabled || host !== undefined,
  message: 'host must be set when the Ingress is enabled, such as rag.example.org',
})
