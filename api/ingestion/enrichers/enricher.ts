import type { EnricherName } from '../../contract/enrichers.ts'
import type { Llm } from '../../providers/llms/llm.ts'

/** A document whose chunks are enriched. */
export interface EnrichedDocument {
  readonly title: string
  /** As the parser gave it; chunks' offsets are into it. */
  readonly text: string
  /** What the enricher `summary` wrote, where it is asked for. */
  readonly summary: string | null
}

export interface ChunkToEnrich {
  readonly position: number
  readonly text: string
  readonly start: number
  readonly end: number
  readonly headings: readonly string[]
}

/** What enrichers work with. */
export interface EnrichmentTools {
  /** Of the knowledge base; there is one where an enricher is asked that needs it (askingLlm). */
  readonly llm: Llm | null
  readonly signal: AbortSignal
}

/**
 * Adds what a chunk does not say itself to what is embedded and what BM25 sees of it; the chunk's own text and offsets stay.
 * One file each, registered in index.ts; test/contract/enricher.ts is what all must pass. What a document says never
 * becomes an instruction (material.ts).
 */
export interface Enricher {
  readonly name: EnricherName
  /** Once a document, before its chunks; kept with the document. @throws UnusableAnswer, ProviderError */
  readonly summarize?: (document: EnrichedDocument, tools: EnrichmentTools) => Promise<string>
  /**
   * What is read before each chunk's text, in the chunks' order, on one line each; '' for nothing.
   * @throws UnusableAnswer, ProviderError; the signal's reason when it is aborted
   */
  contexts(
    document: EnrichedDocument,
    chunks: readonly ChunkToEnrich[],
    tools: EnrichmentTools,
  ): Promise<readonly string[]>
}
