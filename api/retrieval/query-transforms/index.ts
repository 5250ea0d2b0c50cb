import { decompositionTransform } from './decomposition.ts'
import { hydeTransform } from './hyde.ts'
import { rewriteTransform } from './rewrite.ts'
import { routingTransform } from './routing.ts'
import type { QueryTransform } from './transform.ts'

/** Every transform that a request can name. */
export const queryTransforms: Readonly<Record<QueryTransform['name'], QueryTransform>> = {
  hyde: hydeTransform,
  rewrite: rewriteTransform,
  decomposition: decompositionTransform,
  routing: routingTransform,
}
