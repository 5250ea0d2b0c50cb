import type { Vocabulary } from '../vocabulary-counter.ts'

/** What has to be known of embedding models that run elsewhere. */
export interface RemoteModel {
  /** The most that it reads of a text. */
  readonly maxTokens: number
  /** Whose tokens it counts in; null: not known here, so they are estimated. */
  readonly vocabulary: Vocabulary | null
  /** Put before a text, as the model was trained. */
  readonly queryPrefix: string
  readonly documentPrefix: string
}

const plain: RemoteModel = { maxTokens: 512, vocabulary: null, queryPrefix: '', documentPrefix: '' }
const searchSentence = 'Represent this sentence for searching relevant passages: '

/** From the models' own cards. The first match counts. */
const known: readonly (readonly [RegExp, Partial<RemoteModel>])[] = [
  [/text-embedding-3-(small|large)/, { maxTokens: 8191, vocabulary: 'cl100k_base' }],
  [/text-embedding-v[34]/, { maxTokens: 8192 }],
  [/^embedding-3/, { maxTokens: 3072 }],
  [/gemini-embedding/, { maxTokens: 2048 }],
  [/qwen3-embedding/i, { maxTokens: 32_768 }],
  [/text-embedding-ada-002/, { maxTokens: 8191, vocabulary: 'cl100k_base' }],
  [/nomic-embed-text/, { maxTokens: 2048, queryPrefix: 'search_query: ', documentPrefix: 'search_document: ' }],
  [/mxbai-embed-large/, { queryPrefix: searchSentence }],
  [/bge-(small|base|large)-en/, { queryPrefix: searchSentence }],
  [/snowflake-arctic-embed2/, { maxTokens: 8192, queryPrefix: 'query: ' }],
  [/snowflake-arctic-embed/, { queryPrefix: searchSentence }],
  [/multilingual-e5/, { queryPrefix: 'query: ', documentPrefix: 'passage: ' }],
  [/bge-m3|jina-embeddings-v[23]/, { maxTokens: 8192 }],
  [/all-minilm/i, { maxTokens: 256 }],
]

/** A model that is not known gets the text as it is, and is taken to read 512 tokens, as most do at least. */
export function remoteModel(name: string): RemoteModel {
  return { ...plain, ...known.find(([pattern]) => pattern.test(name))?.[1] }
}
