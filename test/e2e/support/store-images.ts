import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { chart } from '../../support/helm.ts'

/** Images of the stores that the chart can run. */
export async function storeImages(): Promise<string[]> {
  const values = parse(await readFile(join(chart, 'values.yaml'), 'utf8')) as {
    stores: Record<'postgres' | 'qdrant' | 'redis', { image: string }>
  }
  return [values.stores.postgres.image, values.stores.qdrant.image, values.stores.redis.image]
}
