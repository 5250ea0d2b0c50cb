import { parseRagPipeline } from '../../crds/parse-resource.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { pipelineManifest } from './sample-resources.ts'

/** A pipeline as the API server gives it: valid, defaults filled in, with a uid. */
export function pipeline(spec: Record<string, unknown> = {}, name = 'demo'): RagPipeline {
  const manifest = pipelineManifest(spec, name)
  return parseRagPipeline({ ...manifest, metadata: { name, namespace: 'rag', uid: 'uid-1', generation: 1 } })
}

/** Every field that has an effect on the pods is set, none to its default. */
export const maximalSpec = {
  image: 'registry.example.org/selfrag-api:1.2.3',
  imagePullSecrets: [{ name: 'registry' }],
  api: {
    replicas: 3,
    autoscaling: { minReplicas: 2, maxReplicas: 6, targetCPUUtilizationPercentage: 60 },
    resources: { requests: { cpu: 1 }, limits: { memory: '4Gi' } },
    env: [
      { name: 'MAX_BODY_MB', value: '10' },
      { name: 'OPENAI_API_KEY', valueFrom: { secretKeyRef: { name: 'openai', key: 'token' } } },
    ],
    podTemplate: {
      labels: { team: 'search' },
      annotations: { note: 'a' },
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      affinity: { podAntiAffinity: {} },
      priorityClassName: 'high',
    },
  },
  worker: {
    replicas: 2,
    concurrency: 7,
    env: [{ name: 'SHUTDOWN_GRACE_SECONDS', value: '90' }],
  },
  postgres: {
    host: 'pg.example.org',
    port: 6432,
    database: 'rag',
    sslMode: 'verify-full',
    credentialsSecretRef: { name: 'pg', usernameKey: 'user', passwordKey: 'pass' },
    pool: { min: 3, max: 11 },
  },
  vectors: {
    engine: 'qdrant',
    url: 'https://qdrant.example.org:6333',
    apiKeySecretRef: { name: 'qdrant' },
    collectionPrefix: 'team-a',
    hnsw: { m: 24, efConstruct: 200, fullScanThreshold: 5000 },
    quantization: 'scalar',
    onDisk: true,
    shardNumber: 2,
    replicationFactor: 2,
  },
  redis: { urlSecretRef: { name: 'redis' } },
  backup: {
    schedule: '30 2 * * 1-5',
    timeZone: 'Europe/Berlin',
    retention: '30d',
    destination: 's3://bucket/selfrag',
    s3: { endpoint: 'http://minio:9000', region: 'eu', credentialsSecretRef: { name: 'minio' } },
    encryptionKeySecretRef: { name: 'backup-key' },
    resources: { requests: { cpu: 1 }, limits: { memory: '2Gi' } },
  },
  models: {
    embedding: {
      provider: 'openai',
      model: 'text-embedding-3-small',
      dimension: 1536,
      baseUrl: 'https://models.example.org/v1',
      apiKeySecretRef: { name: 'models', key: 'embedding' },
      batchSize: 64,
    },
    llm: {
      provider: 'ollama',
      model: 'llama3.1',
      baseUrl: 'http://ollama.example.org:11434',
      apiKeySecretRef: { name: 'models', key: 'llm' },
      fallbacks: ['vllm:llama3.1'],
      choices: ['openai:gpt-4o-mini', 'vllm:Qwen/Qwen3-8B'],
    },
    reranker: {
      provider: 'cohere',
      model: 'rerank-v3.5',
      baseUrl: 'https://rerank.example.org/v2',
      apiKeySecretRef: { name: 'models', key: 'reranker' },
      choices: ['vllm:BAAI/bge-reranker-v2-m3'],
    },
  },
  retrieval: { defaultRetriever: 'dense', topK: 9, scoreThreshold: 0.25 },
  chunking: { chunker: 'sentence', chunkSize: 640, chunkOverlap: 64 },
  caching: {
    embedding: { enabled: false, ttlSeconds: 60 },
    llm: { enabled: true, ttlSeconds: 61 },
    retrieval: { enabled: true, ttlSeconds: 62 },
  },
  rateLimit: { requestsPerMinute: 33 },
  cors: { origins: ['https://a.example.org', 'https://b.example.org'] },
  allowedHosts: ['api.example.org', 'rag.example.org'],
  logLevel: 'debug',
  ingress: {
    enabled: true,
    className: 'nginx',
    host: 'rag.example.org',
    tls: { secretName: 'rag-certificate', issuerRef: { name: 'letsencrypt', kind: 'Issuer' } },
    annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '120', 'example.org/team': 'search' },
  },
  networkPolicy: {
    enabled: true,
    from: [
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } }, podSelector: {} },
      { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: ['search', 'ops'] }] } },
      { ipBlock: { cidr: '10.1.0.0/16', except: ['10.1.9.0/24'] } },
    ],
    egress: [{ to: [{ ipBlock: { cidr: '192.0.2.7/32' } }], ports: [{ port: 4317 }] }],
  },
  monitoring: { serviceMonitor: true, prometheusRule: true, labels: { release: 'prometheus' } },
  allowedTenantNamespaces: ['team-b', 'team-a'],
}
