import { pipelineManifest, tenantManifest, type Manifest } from './sample-resources.ts'

export interface WrongResource {
  readonly what: string
  readonly manifest: Manifest
  /** Part of the API server's answer. */
  readonly refusal: string
  /** Part of what parseResource says; absent: the same. */
  readonly fault?: string
}

const url = { urlSecretRef: { name: 'demo-postgres' } }
const qdrant = { url: 'http://qdrant:6333' }
const key = { name: 'reader', role: 'read', secretName: 'acme-reader' }
const embedding = (fields: object) => pipelineManifest({ models: { embedding: fields } })

/** What the API server and parseResource must refuse alike, saying what to write instead. */
export const wrongResources: readonly WrongResource[] = [
  {
    what: 'a pipeline whose name cannot be that of a Service',
    manifest: pipelineManifest({}, '1.demo'),
    refusal: 'metadata.name must be at most 48 lower-case letters, digits and hyphens',
  },
  {
    what: 'a pipeline whose name is too long',
    manifest: pipelineManifest({}, 'a'.repeat(49)),
    refusal: 'metadata.name must be at most 48',
  },
  {
    what: 'a pipeline without a database',
    manifest: pipelineManifest({ postgres: {} }),
    refusal: 'set exactly one of urlSecretRef and host',
  },
  {
    what: 'a database given twice',
    manifest: pipelineManifest({ postgres: { ...url, host: 'pg', credentialsSecretRef: { name: 'x' } } }),
    refusal: 'set exactly one of urlSecretRef and host',
  },
  {
    what: 'a host without credentials',
    manifest: pipelineManifest({ postgres: { host: 'pg' } }),
    refusal: 'credentialsSecretRef goes with host: set both',
  },
  {
    what: 'a pool whose ends are swapped',
    manifest: pipelineManifest({ postgres: { ...url, pool: { min: 5, max: 4 } } }),
    refusal: 'pool.min must be at most pool.max',
  },
  {
    what: 'an sslMode that does not exist',
    manifest: pipelineManifest({ postgres: { ...url, sslMode: 'on' } }),
    refusal: 'spec.postgres.sslMode: Unsupported value: "on": supported values: "disable", "prefer"',
    fault: 'spec.postgres.sslMode: must be one of "disable", "prefer"',
  },
  {
    what: 'a backup to a bucket that cannot be reached',
    manifest: pipelineManifest({ backup: { schedule: '0 3 * * *', destination: 's3://bucket/demo' } }),
    refusal: 's3 goes with an s3:// destination: set both or neither',
  },
  {
    what: 'a backup to a folder of nobody',
    manifest: pipelineManifest({ backup: { schedule: '0 3 * * *', destination: '/backups' } }),
    refusal: 'spec.backup.destination in body should match',
    fault: 'spec.backup.destination: must be s3://bucket/prefix or pvc://claim/folder',
  },
  {
    what: 'a backup at no time',
    manifest: pipelineManifest({ backup: { schedule: 'every night', destination: 'pvc://backups' } }),
    refusal: 'spec.backup.schedule in body should match',
    fault: 'spec.backup.schedule: must be a cron expression such as 0 3 * * *, or @daily',
  },
  {
    what: 'qdrant without a url',
    manifest: pipelineManifest({ vectors: { engine: 'qdrant' } }),
    refusal: 'url must be set when engine is qdrant, such as http://qdrant:6333',
  },
  {
    what: 'pgvector with a url',
    manifest: pipelineManifest({ vectors: { engine: 'pgvector', ...qdrant } }),
    refusal: 'leave them out with engine pgvector',
  },
  {
    what: 'an engine that does not exist',
    manifest: pipelineManifest({ vectors: { engine: 'milvus', ...qdrant } }),
    refusal: 'spec.vectors.engine: Unsupported value: "milvus": supported values: "qdrant", "pgvector"',
    fault: 'spec.vectors.engine: must be one of "qdrant", "pgvector"',
  },
  {
    what: 'an address without a scheme',
    manifest: pipelineManifest({ vectors: { url: 'qdrant:6333' } }),
    refusal: 'must be an http:// or https:// URL, such as http://qdrant:6333',
  },
  {
    what: 'a collection prefix that tries SQL',
    manifest: pipelineManifest({ vectors: { ...qdrant, collectionPrefix: 'kb"; DROP' } }),
    refusal: 'spec.vectors.collectionPrefix in body should match',
    fault: 'spec.vectors.collectionPrefix: must be letters, digits, _ and -',
  },
  {
    what: 'an embedding of openai without a model',
    manifest: embedding({ provider: 'openai', dimension: 1536 }),
    refusal: 'model must be set with every provider but local and none, such as text-embedding-3-small',
  },
  {
    what: 'an embedding of openai without its dimension',
    manifest: embedding({ provider: 'openai', model: 'text-embedding-3-small' }),
    refusal: "dimension must be set to the length of the model's vectors, such as 1536",
  },
  {
    what: 'a local model that the pods cannot run',
    manifest: embedding({ provider: 'local', model: 'another-model' }),
    refusal: 'provider local has the model bge-small-en-v1.5 with 384 dimensions alone; leave both out',
  },
  {
    what: 'an LLM without a model',
    manifest: pipelineManifest({ models: { llm: { provider: 'ollama' } } }),
    refusal: 'model must be set with every provider but none, such as gpt-4o-mini or llama3.1',
  },
  {
    what: 'a reranker without a model',
    manifest: pipelineManifest({ models: { reranker: { provider: 'cohere' } } }),
    refusal: 'model must be set with every provider but none, such as rerank-v3.5 or bge-reranker-v2-m3',
  },
  {
    what: 'a choice of a provider that has no language models',
    manifest: pipelineManifest({ models: { llm: { choices: ['cohere:rerank-v3.5'] } } }),
    refusal: 'spec.models.llm.choices[0]',
    fault: 'spec.models.llm.choices[0]: must be provider:model',
  },
  {
    what: 'an overlap of more than half a chunk',
    manifest: pipelineManifest({ chunking: { chunkSize: 200, chunkOverlap: 101 } }),
    refusal: 'chunkOverlap must be at most half of chunkSize',
    fault: 'must be at most half of chunkSize',
  },
  {
    what: 'fewer pods at most than at least',
    manifest: pipelineManifest({ api: { autoscaling: { minReplicas: 3, maxReplicas: 2 } } }),
    refusal: 'minReplicas must be at most maxReplicas',
  },
  {
    what: 'autoscaling by CPU without a request for CPU',
    manifest: pipelineManifest({
      api: { autoscaling: { maxReplicas: 2 }, resources: { requests: { memory: '1Gi' } } },
    }),
    refusal: 'set resources.requests.cpu, such as 500m',
  },
  {
    what: 'an Ingress without a host',
    manifest: pipelineManifest({ ingress: { enabled: true } }),
    refusal: 'host must be set when the Ingress is enabled, such as rag.example.org',
  },
  {
    what: 'an Ingress for a URL',
    manifest: pipelineManifest({ ingress: { enabled: true, host: 'https://rag.example.org' } }),
    refusal: 'spec.ingress.host in body should match',
    fault: 'spec.ingress.host: must be a host name, such as rag.example.org',
  },
  {
    what: 'an Ingress whose host the API would refuse',
    manifest: pipelineManifest({
      ingress: { enabled: true, host: 'rag.example.org' },
      allowedHosts: ['*.example.com', 'api.example.org'],
    }),
    refusal: 'allowedHosts must contain ingress.host, or the API refuses what comes through the Ingress',
  },
  {
    what: 'a NetworkPolicy that keeps the ingress controller out',
    manifest: pipelineManifest({ ingress: { enabled: true, host: 'a.example.org' }, networkPolicy: { enabled: true } }),
    refusal: 'name its namespace in networkPolicy.from',
  },
  {
    what: 'a peer that is addresses and pods at once',
    manifest: pipelineManifest({ networkPolicy: { from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] } }),
    refusal: 'set ipBlock alone, or namespaceSelector and podSelector (one or both)',
  },
  {
    what: 'a peer that is nothing',
    manifest: pipelineManifest({ networkPolicy: { egress: [{ to: [{}] }] } }),
    refusal: 'set ipBlock alone, or namespaceSelector and podSelector (one or both)',
  },
  {
    what: 'a range of addresses that is none',
    manifest: pipelineManifest({ networkPolicy: { from: [{ ipBlock: { cidr: '10.0.0.256/8' } }] } }),
    refusal: 'spec.networkPolicy.from[0].ipBlock.cidr in body should match',
    fault: 'spec.networkPolicy.from[0].ipBlock.cidr: must be a range of addresses, such as 10.0.0.0/8',
  },
  {
    what: 'alerts on what nobody scrapes',
    manifest: pipelineManifest({ monitoring: { prometheusRule: true } }),
    refusal: 'prometheusRule needs serviceMonitor',
  },
  {
    what: 'too many results',
    manifest: pipelineManifest({ retrieval: { topK: 51 } }),
    refusal: 'spec.retrieval.topK in body should be less than or equal to 50',
    fault: 'spec.retrieval.topK: must be at most 50',
  },
  {
    what: 'a variable that a field stands for',
    manifest: pipelineManifest({ api: { env: [{ name: 'EMBEDDING_MODEL', value: 'x' }] } }),
    refusal: 'the operator sets this variable from a field of the spec; set that field instead',
  },
  {
    what: 'a variable with value and valueFrom',
    manifest: pipelineManifest({
      worker: { env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }] },
    }),
    refusal: 'set one of value and valueFrom',
  },
  {
    what: 'a quantity that is none',
    manifest: pipelineManifest({ api: { resources: { limits: { memory: 'much' } } } }),
    refusal: 'spec.api.resources.limits.memory in body should match',
    fault: 'spec.api.resources.limits.memory: must be a quantity such as 500m or 2Gi',
  },
  {
    what: 'an unknown field',
    manifest: pipelineManifest({ replicas: 3 }),
    refusal: 'unknown field "spec.replicas"',
    fault: 'spec: unknown field "replicas"; allowed: image, ',
  },
  {
    what: 'a wrong type',
    manifest: pipelineManifest({ suspend: 'yes' }),
    refusal: 'spec.suspend in body must be of type boolean: "string"',
    fault: 'spec.suspend: must be a boolean',
  },
  {
    what: 'a tenant whose name cannot be a slug',
    manifest: tenantManifest({}, 'acme.corp'),
    refusal: 'metadata.name is the slug of the tenant: at most 48 lower-case letters, digits and inner hyphens',
  },
  {
    what: 'a tenant without a pipeline',
    manifest: tenantManifest({ pipelineRef: undefined }),
    refusal: 'spec.pipelineRef: Required value',
    fault: 'spec.pipelineRef: is required: an object',
  },
  {
    what: 'two knowledge bases of one name',
    manifest: tenantManifest({ knowledgeBases: [{ name: 'handbook' }, { name: 'handbook' }] }),
    refusal: 'spec.knowledgeBases[1]: Duplicate value',
  },
  {
    what: 'a knowledge base whose name tries a path',
    manifest: tenantManifest({ knowledgeBases: [{ name: '../etc' }] }),
    refusal: 'spec.knowledgeBases[0].name in body should match',
    fault: 'spec.knowledgeBases[0].name: must be lower-case letters, digits and inner hyphens',
  },
  {
    what: 'an overlap of more than half a chunk in a knowledge base',
    manifest: tenantManifest({ knowledgeBases: [{ name: 'a', chunking: { chunkSize: 100, chunkOverlap: 60 } }] }),
    refusal: 'chunkOverlap must be at most half of chunkSize',
  },
  {
    what: 'an address in place of a model',
    manifest: tenantManifest({ models: { llm: 'https://llm.example.com' } }),
    refusal: 'spec.models.llm in body should match',
    fault: 'spec.models.llm: must be none, or provider:model',
  },
  {
    what: 'two keys of one name',
    manifest: tenantManifest({ apiKeys: [key, { ...key, secretName: 'other' }] }),
    refusal: 'spec.apiKeys[1]: Duplicate value',
  },
  {
    what: 'two keys in one Secret',
    manifest: tenantManifest({ apiKeys: [key, { ...key, name: 'second' }] }),
    refusal: 'two apiKeys have the same secretName; each key needs a Secret of its own',
  },
  {
    what: 'a key on a knowledge base that is not declared',
    manifest: tenantManifest({ apiKeys: [{ ...key, knowledgeBases: ['handbook'] }] }),
    refusal: 'may only name knowledge bases that are in spec.knowledgeBases; add them there',
  },
  {
    what: 'a role that does not exist',
    manifest: tenantManifest({ apiKeys: [{ ...key, role: 'owner' }] }),
    refusal: 'spec.apiKeys[0].role: Unsupported value: "owner": supported values: "admin", "write", "read"',
    fault: 'spec.apiKeys[0].role: must be one of "admin", "write", "read"',
  },
  {
    what: 'a duration without a unit',
    manifest: tenantManifest({ apiKeys: [{ ...key, rotateAfter: '30' }] }),
    refusal: 'spec.apiKeys[0].rotateAfter in body should match',
    fault: 'spec.apiKeys[0].rotateAfter: must be a number and a unit, such as 90m, 720h or 30d',
  },
  {
    what: 'a quota below -1',
    manifest: tenantManifest({ quotas: { documents: -2 } }),
    refusal: 'spec.quotas.documents in body should be greater than or equal to -1',
    fault: 'spec.quotas.documents: must be at least -1',
  },
]
