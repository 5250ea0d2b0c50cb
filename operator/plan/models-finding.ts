import { vectorSpace } from '../../api/provisioning/from-resource.ts'
import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { type Finding } from '../runtime/conditions.ts'
import { holds } from './findings.ts'

/** What the pipeline computes with. Whether a provider answers is found out by the pods: see `/ready` of the API. */
export function modelsFinding(pipeline: Pick<RagPipeline, 'spec' | 'metadata'>): Finding {
  const { embedding, llm } = pipeline.spec.models
  const space = vectorSpace(pipeline as RagPipeline)
  const answers = llm.provider === 'none' ? 'answers are taken from the documents' : `${llm.model} (${llm.provider}) writes answers` // prettier-ignore
  if (!space) return holds('ModelsReady', 'LexicalMode', `no embedding model, search by words only; ${answers}`)
  const reason = embedding.provider === 'local' ? 'LocalModel' : 'Configured'
  const place = embedding.provider === 'local' ? 'in the pods' : embedding.provider
  return holds('ModelsReady', reason, `${space.model} (${place}, ${space.dimension} dimensions) embeds; ${answers}`)
}
