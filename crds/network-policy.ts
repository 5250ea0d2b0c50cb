import { z } from 'zod'
import { withRule } from './rule.ts'

const OCTET = '(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})'
const CIDR = new RegExp(
  `^(${OCTET}(\\.${OCTET}){3}/(3[0-2]|[12]?[0-9])|[0-9a-fA-F:]*:[0-9a-fA-F:]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$`,
)
const cidrSchema = z.string().max(64).regex(CIDR, 'must be a range of addresses, such as 10.0.0.0/8')

const expressionSchema = z
  .strictObject({
    key: z.string().min(1).max(317).describe('Label.'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How it is compared.'),
    values: z.array(z.string().max(63).describe('Value.')).max(64).optional().describe('Values, with In and NotIn.'),
  })
  .describe('A comparison of one label.')

const selector = (what: string) =>
  z
    .strictObject({
      matchLabels: z.record(z.string().max(317), z.string().max(63)).optional().describe('Labels and their values.'),
      matchExpressions: z.array(expressionSchema).max(16).optional().describe('Further comparisons; all must hold.'),
    })
    .optional()
    .describe(what)

const ipBlockSchema = z.strictObject({
  cidr: cidrSchema.describe('Range of addresses, such as `10.0.0.0/8`.'),
  except: z.array(cidrSchema.describe('Range.')).max(64).optional().describe('Ranges inside it that are left out.'),
})

const peerSchema = withRule(
  z.strictObject({
    namespaceSelector: selector(
      'Namespaces; `{}`: all. A namespace has its name as the label `kubernetes.io/metadata.name`.',
    ),
    podSelector: selector('Pods of those namespaces; without namespaceSelector of this resource\'s own.'), // prettier-ignore
    ipBlock: ipBlockSchema.optional().describe('Addresses outside the cluster, instead of selectors.'),
  }),
  {
    cel: 'has(self.ipBlock) != (has(self.namespaceSelector) || has(self.podSelector))',
    test: ({ ipBlock, namespaceSelector, podSelector }) =>
      (ipBlock !== undefined) !== (namespaceSelector !== undefined || podSelector !== undefined),
    message: 'set ipBlock alone, or namespaceSelector and podSelector (one or both)',
  },
).describe('Pods or addresses, as in a NetworkPolicy.')

const peers = z.array(peerSchema).max(32)

const portSchema = z
  .strictObject({
    port: z.int().min(1).max(65_535).describe('Port.'),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP').describe('Protocol.'),
  })
  .describe('One port.')

const egressRuleSchema = z
  .strictObject({
    to: peers.optional().describe('Where to; absent: anywhere.'),
    ports: z.array(portSchema).max(32).optional().describe('Ports there; absent: all.'),
  })
  .describe('One destination.')

/** Who may talk to the pods, and to whom they may talk. */
export const networkPolicySchema = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether NetworkPolicies `<name>-api`, `-worker`, `-migrate` and `-backup` fence the pods. The network plugin has to enforce them.'), // prettier-ignore
  from: peers
    .default([])
    .describe('Who may reach port 8020 of the pods, besides the namespaces whose RagTenants may use this pipeline: an ingress controller, Prometheus.'), // prettier-ignore
  deriveEgress: z
    .boolean()
    .default(true)
    .describe('Whether the pods may reach the stores, models and URLs in `env` that this resource names. A host name outside the cluster opens its port to everywhere: a NetworkPolicy knows no host names. False: only DNS and `egress`.'), // prettier-ignore
  egress: z.array(egressRuleSchema).max(32).default([]).describe('Further destinations.'),
})

export type NetworkPeer = z.output<typeof peerSchema>
