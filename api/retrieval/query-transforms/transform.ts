import type { QueryTransformName } from '../../contract/retrieval.ts'
import type { Llm } from '../../providers/llms/llm.ts'

export interface TransformInput {
  readonly text: string
  /** Those that would be searched. */
  readonly knowledgeBases: readonly { readonly id: string; readonly name: string; readonly description: string }[]
  readonly signal?: AbortSignal | undefined
}

/** What is to be searched instead. What is absent stays as it was. */
export interface Transformed {
  /** At least one; the lists of several are fused by rank. */
  readonly queries?: readonly string[]
  /** Embedded in place of the question. */
  readonly hypothetical?: string
  /** Some of those that would be searched. */
  readonly knowledgeBaseIds?: readonly string[]
}

/** Changes a question before it is searched, with a language model. One file each, registered in index.ts. */
export interface QueryTransform {
  readonly name: Exclude<QueryTransformName, 'none'>
  /** @throws UnusableAnswer, ProviderError */
  transform(input: TransformInput, llm: Llm): Promise<Transformed>
}

/** A question, or one made of it: what can be searched. */
export const MAX_SEARCHED_CHARACTERS = 2000
