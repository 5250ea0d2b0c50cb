import { expect } from 'chai'
import { describe, it } from 'mocha'
import { analyzerVersion } from '../../../api/contract/analyzer.ts'
import { desiredPipeline, desiredTenant } from '../../../api/provisioning/from-resource.ts'
import { parseRagTenant } from '../../../crds/parse-resource.ts'
import { admitsTenantsFrom, referencedPipeline } from '../../../crds/pipeline-ref.ts'
import { maximalSpec, pipeline } from '../../support/pipelines.ts'
import { tenantManifest } from '../../support/sample-resources.ts'

describe('what a resource asks for in the stores', () => {
  it('of a minimal pipeline', () => {
    expect(desiredPipeline(pipeline(), 'cluster-1')).to.deep.equal({
      owner: { cluster: 'cluster-1', uid: 'uid-1', name: 'RagPipeline/rag/demo' },
      adopt: false,
      collectionPrefix: 'demo',
      vectors: {
        space: { model: 'bge-small-en-v1.5', dimension: 384, distance: 'cosine', analyzer: analyzerVersion },
        hnsw: { m: 16, efConstruct: 100, fullScanThreshold: 10_000 },
        onDisk: false,
      },
    })
  })

  it('of a maximal pipeline', () => {
    expect(desiredPipeline(pipeline(maximalSpec), 'c')).to.deep.include({
      collectionPrefix: 'team-a',
      vectors: {
        space: { model: 'text-embedding-3-small', dimension: 1536, distance: 'cosine', analyzer: analyzerVersion },
        hnsw: { m: 24, efConstruct: 200, fullScanThreshold: 5000 },
        quantization: 'scalar',
        onDisk: true,
        shardNumber: 2,
        replicationFactor: 2,
      },
    })
  })

  it('of a pipeline without embeddings: no vector space', () => {
    const lexical = pipeline({ models: { embedding: { provider: 'none' } } })
    expect(desiredPipeline(lexical, 'c').vectors.space).to.equal(null)
  })

  it('of a tenant', () => {
    const tenant = parseRagTenant({
      ...tenantManifest({
        displayName: 'Acme Inc.',
        suspended: true,
        isolation: 'Dedicated',
        quotas: { documents: -1 },
        models: { llm: 'openai:gpt-4o-mini' },
        answering: {},
        knowledgeBases: [
          { name: 'handbook', chunking: { chunkSize: 500 }, retrieval: { topK: 7 } },
          { name: 'recipes', models: { reranker: 'none' }, answering: { prompt: ' You are a cook. ' } },
        ],
        apiKeys: [
          { name: 'reader', role: 'read', secretName: 'a', knowledgeBases: ['handbook'], rotateAfter: '90m' },
          { name: 'admin', role: 'admin', secretName: 'b', rotateAfter: '30d' },
          { name: 'writer', role: 'write', secretName: 'c' },
        ],
      }),
      metadata: { name: 'acme', namespace: 'team', uid: 'uid-2', annotations: { 'selfrag.io/adopt': 'true' } },
    })
    expect(desiredTenant(tenant, pipeline(), 'c')).to.deep.equal({
      slug: 'acme',
      displayName: 'Acme Inc.',
      plan: 'standard',
      isolation: 'Dedicated',
      disabled: true,
      quotas: { knowledgeBases: 10, documents: -1, storageMb: 1024, requestsPerMinute: -1 },
      managedBy: 'resource',
      owner: { cluster: 'c', uid: 'uid-2', name: 'RagTenant/team/acme' },
      adopt: true,
      collectionPrefix: 'demo',
      vectors: desiredPipeline(pipeline(), 'c').vectors,
      settings: { models: { llm: 'openai:gpt-4o-mini' } },
      knowledgeBases: [
        { name: 'handbook', description: '', chunking: { chunkSize: 500 }, retrieval: { topK: 7 } },
        {
          name: 'recipes',
          description: '',
          chunking: {},
          retrieval: {},
          settings: { models: { reranker: 'none' }, answering: { prompt: 'You are a cook.' } },
        },
      ],
      apiKeys: [
        { name: 'reader', role: 'read', knowledgeBases: ['handbook'], rotateAfterSeconds: 5400, overlapSeconds: 2700 },
        { name: 'admin', role: 'admin', rotateAfterSeconds: 2_592_000, overlapSeconds: 86_400 },
        { name: 'writer', role: 'write', overlapSeconds: 86_400 },
      ],
    })
  })

  it('bears the same owner at every start from YAML files', () => {
    const tenant = parseRagTenant(tenantManifest())
    expect(desiredTenant(tenant, pipeline(), 'standalone').owner).to.deep.equal({
      cluster: 'standalone',
      uid: 'RagTenant/default/acme',
      name: 'RagTenant/default/acme',
    })
  })
})

describe('which tenants a pipeline admits', () => {
  const closed = pipeline()
  const open = pipeline({ allowedTenantNamespaces: ['team'] })

  it('those of its own namespace and of the ones it names', () => {
    expect(['rag', 'team', 'other'].map(namespace => admitsTenantsFrom(closed, namespace))).to.deep.equal([true, false, false]) // prettier-ignore
    expect(['rag', 'team', 'other'].map(namespace => admitsTenantsFrom(open, namespace))).to.deep.equal([true, true, false]) // prettier-ignore
    expect(admitsTenantsFrom(pipeline({ allowedTenantNamespaces: ['*'] }), 'other')).to.equal(true)
  })

  it('looks for the pipeline beside the tenant when no namespace is named', () => {
    const tenant = (pipelineRef: object) =>
      parseRagTenant({ ...tenantManifest({ pipelineRef }), metadata: { name: 'acme', namespace: 'team' } })
    expect(referencedPipeline(tenant({ name: 'demo' }))).to.deep.equal({ namespace: 'team', name: 'demo' })
    expect(referencedPipeline(tenant({ name: 'demo', namespace: 'rag' }))).to.deep.equal({
      namespace: 'rag',
      name: 'demo',
    })
  })
})
