import { generationName, generationOf } from '../contract/names.ts'
import { type CollectionTuning, showTuning, type TuningPart, tuningParts } from '../stores/vectors/tuning.ts'
import {
  type CollectionSpec,
  type CollectionState,
  type PayloadIndex,
  payloadIndexes,
} from '../stores/vectors/vector-store.ts'
import type { ObservedCollection } from './observed.ts'
import { ADOPT_HINT, type Claim, describeOwner, judge } from './ownership-claim.ts'
import type { Obstacle, Plan, Step, StoreDrift } from './steps.ts'

/** A collection that must be there under an alias. */
export interface CollectionWish {
  readonly alias: string
  readonly spec: CollectionSpec
  /** Null in lexical mode. */
  readonly model: string | null
  readonly claim: Claim
}

/**
 * Steps that bring a collection to what is wished. The alias comes last, so that whoever finds the alias finds all of it.
 * What cannot be changed in place (vector size, fingerprint) is an obstacle: nothing is ever dropped. Pure.
 */
export function planCollection(wish: CollectionWish, observed: ObservedCollection): Plan {
  if (observed.nameTaken)
    return blocked('Conflict', `a collection, not an alias, is named ${wish.alias}; rename it or choose another vectors.collectionPrefix`) // prettier-ignore
  const { state } = observed
  if (!state) return creation(wish, observed)
  const generation = generationOf(wish.alias, state.name)
  if (generation === null)
    return blocked('Conflict', `alias ${wish.alias} points to ${state.name}, which is none of its generations; point it back or delete the alias`) // prettier-ignore
  return inTheWay(wish, observed, state) ?? repair(wish, observed, state, generation)
}

/** `create` makes the payload indexes too; should it be interrupted, the next plan finds which are missing. */
function creation(wish: CollectionWish, observed: ObservedCollection): Plan {
  const recorded = observed.generations.findLast(row => row.status === 'active')
  const newest = observed.generations.at(-1)
  const generation = recorded?.generation ?? (newest ? newest.generation + 1 : 1)
  const name = generationName(wish.alias, generation)
  const steps: Step[] = [
    { kind: 'create-collection', alias: wish.alias, name, generation, spec: wish.spec, model: wish.model },
  ]
  // The record of a collection that somebody deleted stays as it is, unless its contents will be different now.
  if (recorded?.fingerprint !== wish.spec.fingerprint) steps.push(recordStep(wish, name, generation))
  steps.push({ kind: 'set-alias', alias: wish.alias, collection: name })
  const drift = recorded ? [{ object: `collection ${name}`, field: 'existence', wanted: 'present', found: 'missing; its documents must be reprocessed', repair: steps }] : [] // prettier-ignore
  return { steps, obstacles: [], drift }
}

/** What only a person can decide; null when nothing is in the way. */
function inTheWay(wish: CollectionWish, observed: ObservedCollection, state: CollectionState): Plan | null {
  if (judge(state.owner, wish.claim) === 'foreign')
    return blocked('Conflict', `collection ${state.name} ${describeOwner(state.owner)}; ${ADOPT_HINT}`)
  const differences = essentialDifferences(wish.spec, state)
  if (differences.length === 0) return null
  const told = differences.map(({ field, wanted, found }) => `${field} is ${found}, wanted ${wanted}`).join('; ')
  const message =
    `collection ${state.name} with ${state.points} points cannot be changed in place: ${told}. ` +
    `${WAY_OUT.charAt(0).toUpperCase()}${WAY_OUT.slice(1)}`
  // Recorded with just that fingerprint: not the spec has changed, but somebody has put another collection there.
  const wasSo = observed.generations.some(row => row.collection === state.name && row.fingerprint === wish.spec.fingerprint)
  const drift = differences.map(difference => ({ object: `collection ${state.name}`, ...difference, repair: [], remedy: WAY_OUT }))
  return { steps: [], obstacles: [obstacle('Unrepairable', message)], drift: wasSo ? drift : [] }
} // prettier-ignore

const WAY_OUT =
  'set the model back to what it was made with, or choose another vectors.collectionPrefix and reprocess the documents'

/** What a collection is made with and keeps as long as it lives. */
function essentialDifferences(spec: CollectionSpec, state: CollectionState) {
  const fields = [
    { field: 'vector size', wanted: spec.dense?.dimension, found: state.dense?.dimension },
    { field: 'distance', wanted: spec.dense?.distance, found: state.dense?.distance },
    { field: 'embedding fingerprint', wanted: spec.fingerprint, found: state.fingerprint ?? undefined },
    { field: 'tenancy', wanted: spec.tenancy, found: state.tenancy ?? undefined },
    { field: 'sparse vector bm25', wanted: 'present', found: state.sparse ? 'present' : undefined },
  ]
  return fields
    .filter(({ wanted, found }) => wanted !== found)
    .map(({ field, wanted, found }) => ({ field, wanted: String(wanted ?? 'none'), found: String(found ?? 'not there') }))
} // prettier-ignore

function repair(wish: CollectionWish, observed: ObservedCollection, state: CollectionState, generation: number): Plan {
  const steps: Step[] = []
  const drift: StoreDrift[] = []
  // An alias or a record tells that it was complete once; without them its creation was interrupted.
  const settled = observed.target !== null || observed.generations.length > 0
  const differs = (step: Step, field: string, wanted: string, found: string) => {
    steps.push(step)
    if (settled) drift.push({ object: `collection ${state.name}`, field, wanted, found, repair: [step] })
  }
  for (const index of payloadIndexes) {
    const wrong = state.wrongIndexes[index]
    if (state.indexes.includes(index)) continue
    const step = indexStep(state.name, index, wish, wrong?.found ?? null)
    differs(step, `payload index ${index}`, wrong?.wanted ?? 'present', wrong?.found ?? 'missing')
  }
  for (const part of tuningParts) {
    const difference = tuningDifference(wish.spec, state, part)
    if (!difference) continue
    const step: Step = { kind: 'tune-collection', collection: state.name, tuning: tuningOf(wish.spec), part }
    if (difference.isOurs) steps.push(step)
    else differs(step, part, difference.wanted, difference.found)
  }
  if (judge(state.owner, wish.claim) === 'takeable')
    steps.push({ kind: 'adopt-collection', collection: state.name, owner: wish.spec.owner })
  if (!observed.generations.some(row => row.collection === state.name))
    steps.push(recordStep(wish, state.name, generation))
  if (observed.target !== state.name)
    differs({ kind: 'set-alias', alias: wish.alias, collection: state.name }, `alias ${wish.alias}`, state.name, observed.target ?? 'missing') // prettier-ignore
  return { steps, obstacles: [], drift }
}

/**
 * A part is ours to change when it was last set to something else than is wanted now: the spec has changed since. When it
 * was set to just that, and is not so any more, somebody else has changed it.
 */
function tuningDifference(spec: CollectionSpec, { tuning, tunedTo }: CollectionState, part: TuningPart) {
  const [wanted, found, last] = [showTuning(spec)[part], tuning[part], tunedTo?.[part]]
  if (found === undefined || (found === wanted && last === wanted)) return null
  return { wanted, found, isOurs: found === wanted || (last !== undefined && last !== wanted) }
}

function tuningOf({ hnsw, quantization, onDisk }: CollectionSpec): CollectionTuning {
  return { hnsw, ...(quantization && { quantization }), ...(onDisk !== undefined && { onDisk }) }
}

function indexStep(collection: string, index: PayloadIndex, wish: CollectionWish, replaces: string | null): Step {
  return { kind: 'create-payload-index', collection, index, tenancy: wish.spec.tenancy, replaces }
}

function recordStep(wish: CollectionWish, collection: string, generation: number): Step {
  return {
    kind: 'record-generation',
    alias: wish.alias,
    collection,
    generation,
    fingerprint: wish.spec.fingerprint,
    model: wish.model,
    dimension: wish.spec.dense?.dimension ?? null,
    distance: wish.spec.dense?.distance ?? null,
  }
}

function obstacle(reason: Obstacle['reason'], message: string): Obstacle {
  return { reason, area: 'vectors', message }
}

function blocked(reason: Obstacle['reason'], message: string): Plan {
  return { steps: [], obstacles: [obstacle(reason, message)], drift: [] }
}
