/** What models are asked for. */
export const modelUses = ['llm', 'embedding', 'rerank'] as const
export type ModelUse = (typeof modelUses)[number]
