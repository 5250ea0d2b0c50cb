import { writeModelReference } from '../../api/contract/model-reference.ts'
import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { type RagTenant } from '../../crds/rag-tenant.ts'

const uses = ['llm', 'reranker'] as const
type Use = (typeof uses)[number]

/** Models that a tenant or its knowledge bases choose and the pipeline does not offer, each with what to do. Pure. */
export function unofferedModels(tenant: Pick<RagTenant, 'spec'>, pipeline: Pick<RagPipeline, 'spec' | 'metadata'>) {
  const { models, knowledgeBases } = tenant.spec
  return [
    ...unoffered('spec.models', models, pipeline),
    ...knowledgeBases.flatMap(base => unoffered(`spec.knowledgeBases[${base.name}].models`, base.models, pipeline)),
  ]
}

function unoffered(
  path: string,
  choice: Partial<Readonly<Record<Use, string | undefined>>> = {},
  { spec, metadata }: Pick<RagPipeline, 'spec' | 'metadata'>,
): string[] {
  return uses.flatMap(use => {
    const chosen = choice[use]
    const { provider, model, choices } = spec.models[use]
    const offered = [...(model === undefined ? [] : [writeModelReference({ provider, model })]), ...choices]
    if (chosen === undefined || chosen === 'none' || offered.includes(chosen)) return []
    const instead = offered.length > 0 ? `choose ${offered.join(' or ')}, or add it` : 'add it'
    return [`${path}.${use} is ${chosen}, which RagPipeline ${metadata.name} does not offer; ${instead} to spec.models.${use}.choices there`] // prettier-ignore
  })
}
