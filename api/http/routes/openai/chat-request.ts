import { ApiError } from '../../../contract/error-codes.ts'
import type { Message } from '../../../providers/llms/llm.ts'
import type { AnswerRequest } from '../../../services/answer-event.ts'
import { type CatalogueModel, modelNotFound } from '../../../services/model-catalogue.ts'
import { retrievalRequest } from '../retrieve.ts'
import type { ChatBody, ChatMessage } from './chat-body.ts'

/**
 * A conversation in the words of the service: its last message is the question, system messages are instructions wherever
 * they stand, and the rest is history. Pure.
 * @throws ApiError VALIDATION_ERROR when the last message is not the user's, or two things say where to search
 */
export function answerRequest(body: ChatBody, model: CatalogueModel): AnswerRequest {
  const spoken = body.messages.filter(({ role }) => !isInstruction(role))
  const last = spoken.at(-1)
  if (last?.role !== 'user')
    throw new ApiError('VALIDATION_ERROR', "messages: the last one must be the user's, as it is the question")
  return {
    ...retrievalRequest({
      ...body.retrieval_config,
      model: chosenModels(body, model),
      query: textOf(last),
      knowledge_base_ids: knowledgeBases(body, model),
    }),
    instructions: body.messages.filter(({ role }) => isInstruction(role)).map(textOf),
    history: spoken.slice(0, -1).map(message => ({ role: message.role as Message['role'], content: textOf(message) })),
    temperature: body.temperature ?? undefined,
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
  }
}

function isInstruction(role: ChatMessage['role']): boolean {
  return role === 'system' || role === 'developer'
}

function textOf({ content }: ChatMessage): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('\n')
}

/** Who names an LLM gets that one, whatever knowledge base, tenant and system say. */
function chosenModels({ retrieval_config: { model: chosen } }: ChatBody, { id, reference }: CatalogueModel) {
  if (reference === undefined) return chosen
  if (chosen?.llm === undefined || chosen.llm === reference) return { ...chosen, llm: reference }
  throw new ApiError('VALIDATION_ERROR', `retrieval_config.model.llm: is ${JSON.stringify(chosen.llm)}, and model is ${JSON.stringify(id)}; leave one of them out`) // prettier-ignore
}

function knowledgeBases({ knowledge_base_ids: named }: ChatBody, model: CatalogueModel): string[] {
  // It writes vectors, not answers.
  if (model.kind === 'embedding') throw modelNotFound(model.id)
  if (model.knowledgeBaseId === undefined) return named
  if (named.length === 0) return [model.knowledgeBaseId]
  throw new ApiError('VALIDATION_ERROR', `knowledge_base_ids: the model ${JSON.stringify(model.id)} already says which knowledge base to ask; leave one of them out`) // prettier-ignore
}
