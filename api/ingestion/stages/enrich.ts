import { askingLlm, type EnricherName } from '../../contract/enrichers.ts'
import type { Llm } from '../../providers/llms/llm.ts'
import { readUnenriched, summarizeDrafts, writeContexts } from '../../stores/postgres/chunk-drafts.ts'
import { updateDocument } from '../../stores/postgres/documents.ts'
import type { ChunkDraftRow } from '../../stores/postgres/rows.ts'
import { chosenLlm, fromLlm } from '../asking-llm.ts'
import { embeddingText } from '../embedding-text.ts'
import type { ChunkToEnrich, EnrichedDocument, Enricher, EnrichmentTools } from '../enrichers/enricher.ts'
import { chosenEnrichers } from '../enrichers/index.ts'
import type { IngestRun } from '../ingest-run.ts'
import { PermanentFailure } from '../job-failure.ts'
import type { ChunkMetadata } from '../point-metadata.ts'
import { analyzedColumns, chunkingOf, loadParsed } from './chunk.ts'
import { nothingToWrite, type Stage } from './stage.ts'

/** Chunks of one transaction: what a failure makes to be asked for again. */
const PAGE = 8

/**
 * Chunks → chunks with what an LLM says of them, a page at a time; each page is kept, so that no chunk is asked about twice.
 * The title path is no work: whoever embeds or analyses a chunk makes it (embedding-text.ts).
 */
export const enrichStage: Stage = {
  name: 'enrich',
  async run(run) {
    const asked = askingLlm(chunkingOf(run).enrichers)
    if (asked.length === 0) return { detail: 'title path', deferrable: true, commit: nothingToWrite }
    const tools = { llm: await requiredLlm(run, asked), signal: run.signal }
    const chosen = chosenEnrichers(asked)
    // Those in memory have no contexts.
    run.drafts = null
    const document = await summarized(run, chosen, tools)
    const total = await enrichPages(run, chosen, document, tools)
    return { detail: `${total} chunks: ${asked.join(', ')}`, commit: nothingToWrite }
  },
}

/** @throws PermanentFailure */
async function requiredLlm(run: IngestRun, asked: readonly EnricherName[]): Promise<Llm> {
  const llm = await chosenLlm(run, run.document.kb_settings)
  if (llm) return llm
  throw new PermanentFailure(
    'KB_CONFIG_ERROR',
    `the knowledge base's enrichers (${asked.join(', ')}) ask an LLM, and it has none; set LLM_PROVIDER or its models.llm, or take them out of its chunking.enrichers, and reprocess the document`,
  )
}

/** With the summary that an earlier attempt wrote, or a new one, which is kept at once. */
async function summarized(
  run: IngestRun,
  chosen: readonly Enricher[],
  tools: EnrichmentTools,
): Promise<EnrichedDocument> {
  const { text } = await loadParsed(run)
  const known = { title: run.document.title, text, summary: run.document.summary }
  const summarizer = chosen.find(({ summarize }) => summarize !== undefined)
  if (!summarizer || known.summary !== null) return known
  const summary = await fromLlm(() => summarizer.summarize!(known, tools))
  await run.transaction(tenant => updateDocument(tenant, run.document.id, { summary }))
  return { ...known, summary }
}

async function enrichPages(
  run: IngestRun,
  chosen: readonly Enricher[],
  document: EnrichedDocument,
  tools: EnrichmentTools,
): Promise<number> {
  const { id } = run.document
  const { count: total } = await run.transaction(tenant => summarizeDrafts(tenant, id, null))
  for (let done = 0; ;) {
    const page = await run.transaction(tenant => readUnenriched(tenant, id, PAGE))
    if (page.length === 0) return total
    const said = await fromLlm(() => Promise.all(chosen.map(one => one.contexts(document, page.map(toEnrich), tools))))
    const enriched = page.map((draft, index) => {
      const context = said.map(each => each[index]!).filter(each => each !== '').join('\n') // prettier-ignore
      const { text, headings } = toEnrich(draft)
      return {
        id: draft.id,
        context,
        ...analyzedColumns(embeddingText({ text, headings, title: document.title, context })),
      }
    })
    done += page.length
    await run.transaction(async tenant => {
      await writeContexts(tenant, enriched)
      await run.progress(tenant, 'enrich', `${done} of ${total} chunks`)
    })
  }
}

function toEnrich(draft: ChunkDraftRow): ChunkToEnrich {
  const { headings } = draft.metadata as unknown as ChunkMetadata
  return { position: draft.position, text: draft.text, start: draft.start_offset, end: draft.end_offset, headings }
}
