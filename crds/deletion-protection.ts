import { z } from 'zod'
import { GROUP, VERSION } from './definition.ts'

/** Field of both resources; the API server refuses their deletion while it is true, as {@link deletionProtection} says. */
export const deletionProtectionSchema = z
  .boolean()
  .default(false)
  .describe('The API server refuses to delete this resource, and the operator to clean up after it, until this is false again.') // prettier-ignore

const NAME = `deletion-protection.${GROUP}`
const metadata = {
  name: NAME,
  labels: { 'app.kubernetes.io/name': 'selfrag', 'app.kubernetes.io/component': 'admission' },
}

/** Fields that are not set in an object of an older schema are read with `has`. */
const UNPROTECTED = '!has(oldObject.spec.deletionProtection) || !oldObject.spec.deletionProtection'

/** CEL: `RagTenant default/acme is protected …` */
const MESSAGE = [
  "oldObject.kind + ' ' + oldObject.metadata.namespace + '/' + oldObject.metadata.name",
  "' is protected by spec.deletionProtection; to delete it all the same, first run: kubectl -n ' + oldObject.metadata.namespace",
  "' patch ' + oldObject.kind.lowerAscii() + ' ' + oldObject.metadata.name",
  `' --type merge -p \\'{"spec":{"deletionProtection":false}}\\''`,
].join(' + ')

/**
 * What makes the API server refuse: rules of a CustomResourceDefinition are not asked about deletions, so it takes a
 * policy of its own. The namespace of a protected resource cannot be deleted either, until it is no longer protected.
 */
export const deletionProtection = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [GROUP],
            apiVersions: [VERSION],
            operations: ['DELETE'],
            resources: ['ragpipelines', 'ragtenants'],
          },
        ],
      },
      validations: [{ expression: UNPROTECTED, messageExpression: MESSAGE, reason: 'Forbidden' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: NAME, validationActions: ['Deny'] },
  },
] as const
