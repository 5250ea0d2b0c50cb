import { type Exchange, type Route, sendJson } from './script.ts'

export const rerankRoutes: Readonly<Record<string, Route>> = { '/v1/rerank': rerank }

interface Result {
  index: unknown
  relevance_score: unknown
}

/** Relevance is the share of a question's words that a text has. Best first, as the protocol says. */
function rerank(exchange: Exchange): void {
  const { query, documents, top_n: count } = exchange.body as { query: string; documents: string[]; top_n?: number }
  const words = new Set(query.split(' '))
  const results: Result[] = documents.map((text, index) => ({
    index,
    relevance_score: text.split(' ').filter(word => words.has(word)).length / words.size,
  }))
  const best = results.toSorted((a, b) => Number(b.relevance_score) - Number(a.relevance_score)).slice(0, count ?? 1)
  sendJson(exchange.response, { id: '1', results: spoilt(best, exchange), usage: { total_tokens: 7 } })
}

function spoilt(results: Result[], { fault }: Exchange): Result[] {
  const [first, ...others] = results
  if (!first) return results
  switch (fault?.kind) {
    case 'missing-score':
      return others
    case 'duplicate-index':
      return [first, { ...first }, ...others.slice(1)]
    case 'strange-index':
      return [{ ...first, index: results.length + 3 }, ...others]
    case 'no-number':
      return [{ ...first, relevance_score: 'high' }, ...others]
    default:
      return results
  }
}
