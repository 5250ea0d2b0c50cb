import { ApiError } from '../contract/error-codes.ts'
import type { Llm } from '../providers/llms/llm.ts'
import { UnusableAnswer } from '../providers/llms/structured-answer.ts'
import { ProviderError } from '../providers/provider-error.ts'
import type { IngestionParts } from './ingestion-parts.ts'
import { LlmFailure, PermanentFailure } from './job-failure.ts'
import type { JobWork } from './job-work.ts'

/** The LLM of a knowledge base; null: it has none. @throws PermanentFailure when it has chosen one that is no longer offered */
export async function chosenLlm(
  { parts, scope }: Pick<JobWork, 'parts' | 'scope'>,
  settings: Parameters<IngestionParts['llm']>[1],
): Promise<Llm | null> {
  return parts.llm(scope, settings).catch((error: unknown) => {
    if (error instanceof ApiError) throw new PermanentFailure(error.code, error.message, { cause: error })
    throw error
  })
}

/** @throws LlmFailure, so that nobody takes it for the embedding model's */
export async function fromLlm<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ProviderError || error instanceof UnusableAnswer) throw new LlmFailure(error)
    throw error
  }
}
