import { createHash } from 'node:crypto'
import { fingerprint } from '../contract/fingerprint.ts'
import { activeGeneration } from '../stores/postgres/embedding-generations.ts'
import { isBusy } from '../stores/postgres/jobs.ts'
import { bumpKnowledgeBase, findKnowledgeBase, lockKnowledgeBaseContents } from '../stores/postgres/knowledge-bases.ts'
import { dropStraySummaries, publishTree, treeCoverage } from '../stores/postgres/summaries.ts'
import { chosenLlm } from './asking-llm.ts'
import { NotYet } from './job-failure.ts'
import { runStepsOrGiveUp } from './job-steps.ts'
import { type JobWork, within } from './job-work.ts'
import { buildTree, type TreeNode } from './summary-tree/build-tree.ts'
import { notDue } from './summary-tree/tree-due.ts'
import { wantsTree } from './summary-tree/wants-tree.ts'

const PAGE = 500
/** Of a chunk's text: what a summary is made of. */
const KEPT = 1_500

/** Makes the tree of summaries of a knowledge base anew, when it is wanted and it is time; or takes it away. */
export async function summarize(work: JobWork): Promise<void> {
  await runStepsOrGiveUp(work, [{ name: 'summarize', run: () => cleanly(work, makeTree) }])
}

/** However it ends, no summary is left of chunks that went meanwhile: whoever deleted them came before it was there. */
async function cleanly(work: JobWork, make: (work: JobWork) => Promise<string>): Promise<string> {
  const { signal, job } = work
  try {
    return await make(work)
  } finally {
    if (!signal.aborted) await within(work, tenant => dropStraySummaries(tenant, job.kb_id))
  }
}

async function makeTree(work: JobWork): Promise<string> {
  const { parts, scope, job } = work
  const generation = await activeGeneration(parts.database, scope.collection)
  const knowledgeBase = await within(work, tenant => findKnowledgeBase(tenant, job.kb_id))
  if (!knowledgeBase) return 'the knowledge base is gone'
  if (!wantsTree(knowledgeBase.retrieval, parts.defaultRetriever)) {
    await within(work, tenant => publishTree(tenant, job.kb_id, '', []))
    return 'not wanted'
  }
  const { embedding } = parts
  if (!embedding || !generation || fingerprint(embedding.space) !== generation.fingerprint) return 'no vectors'
  // The job that ends the business asks again.
  if (await within(work, tenant => tenant.control(sql => isBusy(sql, scope.tenantId, job.kb_id)))) return 'later'
  const reason = notDue(await within(work, tenant => treeCoverage(tenant, job.kb_id, generation.fingerprint)))
  if (reason !== null) return reason
  const llm = await chosenLlm(work, knowledgeBase.settings)
  if (!llm) return 'no LLM: set LLM_PROVIDER, or models.llm of the knowledge base'
  const chunks = await chunkNodes(work)
  const made = { llm, embedding, fingerprint: generation.fingerprint }
  const sources = await buildTree(work, chunks, made)
  await within(work, async tenant => {
    await lockKnowledgeBaseContents(tenant, job.kb_id)
    const now = await findKnowledgeBase(tenant, job.kb_id)
    // What was made of chunks that stayed is found again; nothing of those that went is shown.
    if (now?.version !== knowledgeBase.version) throw new NotYet('the knowledge base has changed meanwhile')
    await publishTree(tenant, job.kb_id, generation.fingerprint, sources)
    await dropStraySummaries(tenant, job.kb_id)
    await bumpKnowledgeBase(tenant, job.kb_id)
  })
  return `${sources.length} summaries of ${chunks.length} chunks`
}

async function chunkNodes({ parts, scope, job, signal }: JobWork): Promise<TreeNode[]> {
  const nodes: TreeNode[] = []
  for (let after: string | null = null; ;) {
    signal.throwIfAborted()
    const page = await parts.vectors.page(scope.vectors([job.kb_id]), { after, limit: PAGE })
    for (const { chunkId, text, dense } of page) {
      const key = `${chunkId} ${createHash('sha256').update(text).digest('hex')}`
      if (dense) nodes.push({ key, text: text.slice(0, KEPT), vector: Float32Array.from(dense), chunkIds: [chunkId] })
    }
    if (page.length < PAGE) return nodes.sort((a, b) => (a.key < b.key ? -1 : 1))
    after = page.at(-1)!.id
  }
}
