import { createHash } from 'node:crypto'
import PQueue from 'p-queue'
import type { Llm } from '../../providers/llms/llm.ts'
import { ProviderError } from '../../providers/provider-error.ts'
import { stopOnFailure } from '../../providers/stop-on-failure.ts'
import { insertSummaries, knownSummaries, type NewSummary } from '../../stores/postgres/summaries.ts'
import { decodeEmbedding, encodeEmbedding } from '../../stores/postgres/embedding-bytes.ts'
import { fromLlm } from '../asking-llm.ts'
import type { EmbeddingPart } from '../ingestion-parts.ts'
import { LlmFailure } from '../job-failure.ts'
import { type JobWork, within } from '../job-work.ts'
import { clusters } from './clusters.ts'
import { summarizeCluster } from './summarize-cluster.ts'

/** What a level is made of: chunks, or the summaries of the level below. */
export interface TreeNode {
  /** Says what it is, and what it says. */
  readonly key: string
  readonly text: string
  readonly vector: Float32Array
  readonly chunkIds: readonly string[]
}

export interface TreeMakers {
  readonly llm: Llm
  readonly embedding: EmbeddingPart
  /** Of the vectors. */
  readonly fingerprint: string
}

/** Texts of one call. */
const MOST_MEMBERS = 10
/** Summaries of one transaction, and calls at once. */
const PAGE = 8
const CALLS_AT_ONCE = 4

/**
 * Summaries of summaries, level by level, until one says it all. Each page is kept as soon as it is made, and what was made of
 * the same before is taken: a failure costs a page at most. Gives the sources of all that belong to the tree.
 */
export async function buildTree(work: JobWork, chunks: readonly TreeNode[], makers: TreeMakers): Promise<string[]> {
  const sources: string[] = []
  let nodes = chunks
  for (let level = 1; nodes.length > 1; level++) {
    const groups = await clusters(nodes.map(({ vector }) => vector), MOST_MEMBERS) // prettier-ignore
    const made = await makeLevel(work, level, groups.map(group => group.map(at => nodes[at]!)), makers) // prettier-ignore
    sources.push(...made.map(({ key }) => key))
    // Were every group left out, there would be no level above.
    nodes = made
  }
  return sources
}

async function makeLevel(
  work: JobWork,
  level: number,
  groups: readonly TreeNode[][],
  makers: TreeMakers,
): Promise<TreeNode[]> {
  const nodes: TreeNode[] = []
  for (let at = 0; at < groups.length; at += PAGE) {
    work.signal.throwIfAborted()
    const page = groups.slice(at, at + PAGE).map(members => ({ members, source: sourceOf(level, members) }))
    const known = await within(work, tenant => knownSummaries(tenant, work.job.kb_id, makers.fingerprint, page.map(({ source }) => source))) // prettier-ignore
    const missing = page.filter(({ source }) => !known.some(one => one.source === source))
    const { made, refusal } = await make(work, level, missing, makers)
    // Not one of so many: it is not about what they say.
    if (refusal && level === 1 && nodes.length + known.length + made.length === 0) throw refusal
    await within(work, tenant => insertSummaries(tenant, made))
    const rows = new Map([...known, ...made].map(row => [row.source, row]))
    for (const { source } of page) {
      const row = rows.get(source)
      if (row)
        nodes.push({ key: source, text: row.text, vector: decodeEmbedding(row.embedding), chunkIds: row.chunk_ids })
    }
  }
  return nodes
}

type Summarized = { readonly text: string; readonly group: Group }
type Group = { readonly members: readonly TreeNode[]; readonly source: string }

/** What was made of a page of groups, and why some were left out. */
interface Page {
  readonly made: readonly NewSummary[]
  readonly refusal: LlmFailure | undefined
}

/** Groups that an LLM refuses or can make no sense of are left out: their chunks are found by themselves. */
async function make(work: JobWork, level: number, groups: readonly Group[], makers: TreeMakers): Promise<Page> {
  const { llm, embedding, fingerprint } = makers
  const queue = new PQueue({ concurrency: CALLS_AT_ONCE })
  const answers = await stopOnFailure([work.signal], signal =>
    queue.addAll(groups.map(group => () => summarized(llm, group, signal))),
  )
  const written = answers.filter((one): one is Summarized => !(one instanceof LlmFailure))
  const refusal = answers.find(one => one instanceof LlmFailure)
  if (written.length === 0) return { made: [], refusal }
  const vectors = await embedding.embedder.embed(written.map(({ text }) => text), 'document', work.signal) // prettier-ignore
  const made = written.map(({ text, group }, at) => ({
    kb_id: work.job.kb_id,
    level,
    source: group.source,
    text,
    chunk_ids: group.members.flatMap(({ chunkIds }) => chunkIds),
    embedding: encodeEmbedding(vectors[at]!, embedding.space.dimension),
    embedded_by: fingerprint,
  }))
  return { made, refusal }
}

/** Gives the failure when it is about this group. @throws LlmFailure when it would be the same with any other */
async function summarized(llm: Llm, group: Group, signal: AbortSignal): Promise<Summarized | LlmFailure> {
  signal.throwIfAborted()
  const texts = group.members.map(({ text }) => text)
  try {
    return { text: await fromLlm(() => summarizeCluster(llm, texts, signal)), group }
  } catch (error) {
    if (error instanceof LlmFailure && isAboutTexts(error)) return error
    throw error
  }
}

/** Too long, or against a provider's rules. A model that is away is waited for; a wrong key or model helps nobody. */
const aboutTexts: ReadonlySet<number | undefined> = new Set([400, 413, 422])

function isAboutTexts({ cause }: LlmFailure): boolean {
  return !(cause instanceof ProviderError) || (!cause.transient && aboutTexts.has(cause.status))
}

function sourceOf(level: number, members: readonly TreeNode[]): string {
  return createHash('sha256').update(JSON.stringify([level, ...members.map(({ key }) => key)])).digest('hex') // prettier-ignore
}
