import { columns } from '../columns.ts'
import { type Interval, confidence } from './bootstrap.ts'
import type { EvalQuery } from './dataset.ts'
import { mean, ndcg, recall, reciprocalRank } from './metrics.ts'

export interface QueryResult {
  readonly retriever: string
  readonly query_id: string
  readonly ndcg_at_10: number
  readonly recall_at_100: number
  readonly mrr_at_10: number
  /** Of the first request, over HTTP. */
  readonly milliseconds: number
}

export interface RetrieverReport {
  readonly retriever: string
  readonly queries: number
  readonly ndcg_at_10: number
  readonly ndcg_at_10_confidence: Interval
  readonly recall_at_100: number
  readonly mrr_at_10: number
  readonly p50_ms: number
  readonly p95_ms: number
}

export function judge(
  retriever: string,
  query: EvalQuery,
  ranking: readonly string[],
  milliseconds: number,
): QueryResult {
  return {
    retriever,
    query_id: query.id,
    ndcg_at_10: ndcg(ranking, query.relevance, 10),
    recall_at_100: recall(ranking, query.relevance, 100),
    mrr_at_10: reciprocalRank(ranking, query.relevance, 10),
    milliseconds,
  }
}

export function summarize(retriever: string, results: readonly QueryResult[]): RetrieverReport {
  const times = results.map(result => result.milliseconds).sort((a, b) => a - b)
  const quantile = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? NaN
  return {
    retriever,
    queries: results.length,
    ndcg_at_10: mean(results.map(result => result.ndcg_at_10)),
    ndcg_at_10_confidence: confidence(results.map(result => result.ndcg_at_10)),
    recall_at_100: mean(results.map(result => result.recall_at_100)),
    mrr_at_10: mean(results.map(result => result.mrr_at_10)),
    p50_ms: quantile(0.5),
    p95_ms: quantile(0.95),
  }
}

export function table(reports: readonly RetrieverReport[]): string {
  const head = ['retriever', 'queries', 'nDCG@10', '95 % of it', 'Recall@100', 'MRR@10', 'p50 ms', 'p95 ms']
  const rows = reports.map(report => [
    report.retriever,
    String(report.queries),
    report.ndcg_at_10.toFixed(4),
    `${report.ndcg_at_10_confidence.low.toFixed(3)} … ${report.ndcg_at_10_confidence.high.toFixed(3)}`,
    report.recall_at_100.toFixed(4),
    report.mrr_at_10.toFixed(4),
    report.p50_ms.toFixed(1),
    report.p95_ms.toFixed(1),
  ])
  return columns([head, ...rows]).join('\n')
}
