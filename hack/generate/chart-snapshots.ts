import { chartValueSets } from './chart-value-sets.ts'
import type { GeneratedFile } from './generated-file.ts'
import { renderChart } from './render-chart.ts'

/**
 * test/fixtures/chart/*.yaml: what the chart renders for each set of values, so that a change of a template shows what it changes
 * in the diff of its commit. CustomResourceDefinitions and the dashboard are left out: they stand elsewhere in full.
 */
export function chartSnapshots(): GeneratedFile[] {
  return Object.entries(chartValueSets).flatMap(([name, rendering]) => {
    const text = renderChart(rendering)
    return text === null ? [] : [{ path: `test/fixtures/chart/${name}.yaml`, content: snapshot(text) }]
  })
}

function snapshot(text: string): string {
  const documents = text
    .split(/^---\n/m)
    .filter(document => !/^kind: CustomResourceDefinition$|-dashboard$/m.test(document))
  return documents.join('---\n')
}
