import { type RunningOperator } from '../../operator/operator.ts'
import { eventually } from './eventually.ts'

/** How often each controller has run so far, from /metrics. */
export async function reconcileCounts(operator: RunningOperator): Promise<{ pipeline: number; tenant: number }> {
  const response = await fetch(`http://127.0.0.1:${operator.healthPort}/metrics`)
  const text = await response.text()
  const total = (controller: string) =>
    [...text.matchAll(/^selfrag_operator_reconciles_total\{controller="(\w+)",outcome="\w+"\} (\d+)$/gm)]
      .filter(([, name]) => name === controller)
      .reduce((sum, [, , count]) => sum + Number(count), 0)
  return { pipeline: total('pipeline'), tenant: total('tenant') }
}

/** Waits until both controllers have run so many times more. */
export async function moreReconciles(operator: RunningOperator, times: number): Promise<void> {
  const before = await reconcileCounts(operator)
  await eventually(async () => {
    const now = await reconcileCounts(operator)
    if (now.pipeline < before.pipeline + times || now.tenant < before.tenant + times)
      throw new Error(`only ${JSON.stringify(now)} runs since ${JSON.stringify(before)}`)
  }, 30_000)
}
