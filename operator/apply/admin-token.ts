import { randomBytes } from 'node:crypto'
import { adminTokenSecret } from '../desired/admin-token.ts'
import { type Obstacle } from '../../api/provisioning/steps.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type Secret } from '../observe/secrets.ts'
import { claimObject } from '../plan/object-claim.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'

/** Mints the admin token when its Secret is not there; never changes one that is. */
export async function ensureAdminToken(
  client: KubernetesClient,
  pipeline: Pipeline,
  adopt: boolean,
): Promise<Obstacle | null> {
  const secret = adminTokenSecret(pipeline, randomBytes(32).toString('base64url'))
  const live = await client.get<Secret>(types.secrets, secret.metadata)
  if (live) return claimObject(secret, live, adopt)
  // Create, not apply: a token that appeared meanwhile must not be overwritten.
  await client.create(types.secrets, secret)
  return null
}
