import { CONTROL_SCHEMA, sharedCollection } from '../contract/names.ts'
import type { LoginRole } from '../stores/postgres/login-role.ts'
import { controlSchemaState, isUsable } from '../stores/postgres/schema-state.ts'
import { collectionSpec } from './collection-spec.ts'
import type { DesiredPipeline } from './desired.ts'
import type { ObservedDatabase } from './observe-pipeline.ts'
import type { ObservedControlSchema, ObservedIntegrity, ObservedPipeline } from './observed.ts'
import { ADOPT_HINT, type Claim, describeOwner, judge, sameResource } from './ownership-claim.ts'
import { planCollection } from './plan-collection.ts'
import { planIntegrity } from './plan-integrity.ts'
import type { Obstacle, Plan, Step } from './steps.ts'

const OLDEST_SERVER = 15

/** Steps that bring a pipeline's database and shared collection to what is desired. Pure. */
export function planPipeline(desired: DesiredPipeline, observed: ObservedPipeline): Plan {
  const integrity = planControlIntegrity(observed.integrity)
  // What cannot be read has no version.
  const version = integrity.obstacles.length > 0 ? [] : versionObstacles(desired, observed.control)
  const obstacles = [...databaseObstacles(desired, observed), ...version, ...integrity.obstacles]
  // The collection is recorded in the control schema, and a foreign database is no place to begin.
  if (obstacles.length > 0) return { steps: [], obstacles, drift: integrity.drift.filter(({ repair }) => repair.length === 0) } // prettier-ignore
  const claim = pipelineClaim(desired, observed.control)
  const vectors = planCollection(
    {
      alias: sharedCollection(desired.collectionPrefix),
      spec: collectionSpec(desired.vectors, 'shared', desired.owner),
      model: desired.vectors.space?.model ?? null,
      claim,
    },
    observed.collection,
  )
  return {
    // Taking the schema over forgets who released it, which the collection's adoption rests on: hence last.
    steps: [...migration(desired, observed.control), ...integrity.steps, ...vectors.steps, ...adoption(claim, observed.control)], // prettier-ignore
    obstacles: vectors.obstacles,
    drift: [...integrity.drift, ...vectors.drift],
  }
}

function planControlIntegrity({ foreign, ...rest }: ObservedIntegrity): Plan {
  const plan = planIntegrity({ schema: CONTROL_SCHEMA, slug: null, ...rest }, 'database')
  if (foreign.length === 0) return plan
  const statements = [...new Set(foreign.map(({ giveBack }) => giveBack))].join('; ')
  const message = `${foreign.map(({ object, owner }) => `${object} belongs to the role ${owner}`).join(', ')}; as that role run: ${statements}` // prettier-ignore
  const drift = foreign.map(({ object, owner, giveBack }) => ({ object, field: 'owner', wanted: 'the product’s role', found: owner, repair: [], remedy: `as ${owner} run: ${giveBack}` })) // prettier-ignore
  return { steps: [], obstacles: [obstacle('Unrepairable', message)], drift: [...drift, ...plan.drift] }
}

function pipelineClaim(desired: Pick<DesiredPipeline, 'owner' | 'adopt'>, { released }: ObservedControlSchema): Claim {
  return {
    owner: desired.owner,
    adopt: desired.adopt,
    released: released && sameResource(released, desired.owner) ? released : null,
  }
}

/** What keeps any version from working in this database. Pure. */
export function databaseObstacles(
  desired: Pick<DesiredPipeline, 'owner' | 'adopt'>,
  { login, control }: ObservedDatabase,
): Obstacle[] {
  if (control.exists && judge(control.owner, pipelineClaim(desired, control)) === 'foreign')
    return [obstacle('Conflict', `schema ${CONTROL_SCHEMA} of database ${login.database} ${describeOwner(control.owner)}; use another database, or ${ADOPT_HINT}`)] // prettier-ignore
  return missingRights(login)
}

/** What keeps this version from working with that schema. */
function versionObstacles({ migrations }: DesiredPipeline, control: ObservedControlSchema): Obstacle[] {
  const state = controlSchemaState(control)
  if (state.state === 'newer')
    return [obstacle('NewerSchema', `schema ${CONTROL_SCHEMA} has migrations that this version does not know (${state.unknown.join(', ')}); run the version that made them, or a newer one`)] // prettier-ignore
  if (state.state === 'behind' && migrations === 'recorded' && !isUsable(state))
    return [obstacle('Unrepairable', `schema ${CONTROL_SCHEMA} is at ${state.from ?? 'nothing'}, and this operator works with the release before its own at the oldest, not before ${state.to}; set spec.image to a newer one, release by release`)] // prettier-ignore
  return []
}

function missingRights(login: LoginRole): Obstacle[] {
  const obstacles: Obstacle[] = []
  if (login.serverVersion < OLDEST_SERVER)
    obstacles.push(obstacle('Unrepairable', `the server is Postgres ${login.serverVersion}; ${OLDEST_SERVER} or newer is needed`)) // prettier-ignore
  if (!login.mayCreateRoles)
    obstacles.push(obstacle('Unrepairable', `role ${login.role} may not create roles, of which every tenant gets one; as a superuser run: ALTER ROLE "${login.role}" CREATEROLE`)) // prettier-ignore
  if (!login.mayCreateSchemas)
    obstacles.push(obstacle('Unrepairable', `role ${login.role} may not create schemas; as the owner of the database run: GRANT CREATE ON DATABASE "${login.database}" TO "${login.role}"`)) // prettier-ignore
  return obstacles
}

function migration(desired: DesiredPipeline, control: ObservedControlSchema): Step[] {
  const state = controlSchemaState(control)
  if (state.state !== 'behind' || desired.migrations === 'recorded') return []
  return [{ kind: 'migrate-control-schema', from: state.from, to: state.to, owner: desired.owner }]
}

function adoption(claim: Claim, control: ObservedControlSchema): Step[] {
  // A schema that is created bears the marker from the start.
  if (!control.exists || judge(control.owner, claim) === 'ours') return control.released ? [adopt(claim)] : []
  return [adopt(claim)]
}

function adopt(claim: Claim): Step {
  return { kind: 'adopt-schema', schema: CONTROL_SCHEMA, slug: null, owner: claim.owner }
}

function obstacle(reason: Obstacle['reason'], message: string): Obstacle {
  return { reason, area: 'database', message }
}
