import { randomBytes } from 'node:crypto'
import { adminTokenSecret } from '../desired/admin-token.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type ObjectDecision } from '../plan/object-decision.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'

/** Mints the admin token when the decision is to. */
export async function mintAdminToken(
  client: KubernetesClient,
  pipeline: Pipeline,
  { live, action, leave }: ObjectDecision,
): Promise<void> {
  if (leave || action === 'none') return
  const secret = adminTokenSecret(pipeline, randomBytes(32).toString('base64url'))
  if (live) await client.mergePatch(types.secrets, secret.metadata, { data: secret.data })
  // Create, not apply: a token that appeared meanwhile must not be overwritten.
  else await client.create(types.secrets, secret)
}
