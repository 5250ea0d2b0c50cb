import { isDeepStrictEqual } from 'node:util'
import type { KnowledgeBaseRow } from '../stores/postgres/rows.ts'
import { withDeclared } from './declared-settings.ts'
import type { DesiredKnowledgeBase, DesiredTenant } from './desired.ts'
import type { ObservedTenant } from './observed.ts'
import type { Obstacle, Plan, Step } from './steps.ts'

/**
 * Declared knowledge bases are made or set to what is declared; one that HTTP made under a declared name becomes declared
 * (its documents stay), and one that is no longer declared is released to HTTP, never deleted: a line removed from a
 * resource must not cost data. Pure.
 */
export function planKnowledgeBases(desired: DesiredTenant, observed: ObservedTenant): Plan {
  const existing = observed.knowledgeBases
  // Unreadable until this plan's repair of the rights: the next reconciliation sees to them.
  if (existing === null && observed.schema.exists) return { steps: [], obstacles: [], drift: [] }
  const byName = new Map((existing ?? []).map(row => [row.name, row]))
  const steps: Step[] = []
  const obstacles: Obstacle[] = []
  for (const knowledgeBase of desired.knowledgeBases) {
    const row = byName.get(knowledgeBase.name)
    const step = !row
      ? ({ kind: 'create-knowledge-base', slug: desired.slug, knowledgeBase } as const)
      : updateStep(desired.slug, knowledgeBase, row)
    if (row?.deleted_at) obstacles.push(beingDeleted(knowledgeBase.name))
    else if (step) steps.push(step)
  }
  const declared = new Set(desired.knowledgeBases.map(knowledgeBase => knowledgeBase.name))
  for (const row of byName.values())
    if (row.managed_by === 'resource' && !declared.has(row.name))
      steps.push({ kind: 'release-knowledge-base', slug: desired.slug, name: row.name })
  return { steps, obstacles, drift: [] }
}

function updateStep(slug: string, knowledgeBase: DesiredKnowledgeBase, row: KnowledgeBaseRow): Step | null {
  const changed = Object.entries({
    description: [knowledgeBase.description, row.description],
    chunking: [knowledgeBase.chunking, row.chunking],
    retrieval: [knowledgeBase.retrieval, row.retrieval],
    settings: [withDeclared(row.settings, knowledgeBase.settings), row.settings],
    managed_by: ['resource', row.managed_by],
  }).filter(([, [wanted, found]]) => !isDeepStrictEqual(wanted, found))
  if (changed.length === 0) return null
  return { kind: 'update-knowledge-base', slug, knowledgeBase, changed: changed.map(([field]) => field) }
}

function beingDeleted(name: string): Obstacle {
  const message = `knowledge base ${name} is still being deleted; it is made anew when that is done`
  return { reason: 'Waiting', area: 'knowledge-bases', message }
}
