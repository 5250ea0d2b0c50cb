import { expect } from 'chai'
import { describe, it } from 'mocha'
import { egressRules } from '../../../operator/desired/egress-rules.ts'
import { objectMetadata } from '../../../operator/desired/metadata.ts'
import { addressOf, type NetworkAddress } from '../../../operator/desired/network-address.ts'
import { backupCronJob } from '../../../operator/desired/backup-cron-job.ts'
import { migrationJob } from '../../../operator/desired/migration-job.ts'
import { networkPolicy } from '../../../operator/desired/network-policy.ts'
import { specAddresses } from '../../../operator/desired/spec-addresses.ts'
import { pipeline } from '../../support/pipelines.ts'

const namespaceNamed = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
})
const dns = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
    { protocol: 'UDP', port: 5353 },
    { protocol: 'TCP', port: 5353 },
  ],
}
const tcp = (port: number) => ({ protocol: 'TCP', port })

describe('the address in a URL', () => {
  const cases: [text: string, address: NetworkAddress | null][] = [
    ['http://qdrant:6333', { host: 'qdrant', port: 6333 }],
    ['https://Models.Example.org/v1', { host: 'models.example.org', port: 443 }],
    ['http://proxy.example.org', { host: 'proxy.example.org', port: 80 }],
    ['postgresql://u:p%40ss@db.prod/selfrag', { host: 'db.prod', port: 5432 }],
    ['postgresql+asyncpg://u:p@[2001:db8::7]:6432/selfrag', { host: '2001:db8::7', port: 6432 }],
    ['postgresql:///selfrag?host=pg.example.org&port=6432', { host: 'pg.example.org', port: 6432 }],
    ['rediss://:p4ss@10.2.3.4/0', { host: '10.2.3.4', port: 6379 }],
    ['grpc://collector:4317', { host: 'collector', port: 4317 }],
    ['http://localhost:11434', null],
    ['http://127.0.0.1:11434', null],
    ['http://[::1]:80', null],
    ['postgresql:///selfrag?host=/var/run/postgresql', null],
    ['grpc://collector', null],
    ['proxy:3128', null],
    ['kb_sk_abc', null],
    ['', null],
  ]
  for (const [text, address] of cases) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(address)}`, () => {
      expect(addressOf(text)).to.deep.equal(address)
    })
  }
})

describe('egress to', () => {
  const cases: [what: string, addresses: NetworkAddress[], rules: object[]][] = [
    ['nothing is DNS alone', [], []],
    ['an IP is that IP and port', [{ host: '10.0.0.9', port: 5432 }], [{ to: [{ ipBlock: { cidr: '10.0.0.9/32' } }], ports: [tcp(5432)] }]],
    ['an IPv6 likewise', [{ host: 'fd00::9', port: 6333 }], [{ to: [{ ipBlock: { cidr: 'fd00::9/128' } }], ports: [tcp(6333)] }]],
    ['a Service beside the pods is its namespace', [{ host: 'qdrant', port: 6333 }], [{ to: [namespaceNamed('rag')] }]],
    ['a Service elsewhere is that namespace', [{ host: 'pg.data.svc', port: 5432 }], [{ to: [namespaceNamed('data')] }]],
    ['a Service with its whole name', [{ host: 'pg.data.svc.cluster.local.', port: 5432 }], [{ to: [namespaceNamed('data')] }]],
    ['a pod of a StatefulSet', [{ host: 'pg-0.pg.data.svc.cluster.local', port: 5432 }], [{ to: [namespaceNamed('data')] }]],
    ['a host outside is its port, anywhere', [{ host: 'db.example.org', port: 5432 }], [{ ports: [tcp(5432)] }]],
    ['a whole name of two parts is outside', [{ host: 'example.org.', port: 443 }], [{ ports: [tcp(443)] }]],
    ['a host called svc outside', [{ host: 'db.svc.example.org', port: 5432 }], [{ ports: [tcp(5432)] }]],
    ['a name of two parts may be either', [{ host: 'pg.data', port: 5432 }], [{ to: [namespaceNamed('data')] }, { ports: [tcp(5432)] }]],
    [
      'several is each of them once, in an order that does not change',
      [
        { host: 'b.example.org', port: 443 },
        { host: '10.0.0.9', port: 6379 },
        { host: 'qdrant', port: 6333 },
        { host: 'a.example.org', port: 443 },
        { host: '10.0.0.8', port: 6379 },
        { host: 'c.example.org', port: 80 },
        { host: 'pg.data.svc', port: 5432 },
      ],
      [
        { to: [namespaceNamed('data'), namespaceNamed('rag')] },
        { to: [{ ipBlock: { cidr: '10.0.0.8/32' } }, { ipBlock: { cidr: '10.0.0.9/32' } }], ports: [tcp(6379)] },
        { ports: [tcp(80), tcp(443)] },
      ],
    ],
  ] // prettier-ignore
  for (const [what, addresses, rules] of cases) {
    it(what, () => {
      expect(egressRules(addresses, 'rag')).to.deep.equal([dns, ...rules])
    })
  }
})

describe('the addresses that a pipeline names itself', () => {
  const hosts = (spec: Record<string, unknown>, component: 'api' | 'worker' = 'api') =>
    specAddresses(pipeline(spec), component).map(({ host, port }) => `${host}:${port}`)
  const credentials = { credentialsSecretRef: { name: 'pg' } }

  it('are those of stores and models', () => {
    const spec = {
      postgres: { host: 'PG.example.org', port: 6432, ...credentials },
      vectors: { url: 'https://qdrant.example.org' },
      models: {
        embedding: { provider: 'openai', model: 'm', dimension: 3, baseUrl: 'http://vllm.models.svc:8000/v1' },
        llm: { provider: 'ollama', model: 'm', baseUrl: 'http://10.0.0.5:11434' },
      },
    }
    expect(hosts(spec)).to.deep.equal(['pg.example.org:6432', 'qdrant.example.org:443', 'vllm.models.svc:8000', '10.0.0.5:11434']) // prettier-ignore
  })

  it("are a provider's own where the resource says nothing, and the model hub for a local model", () => {
    const openai = { models: { embedding: { provider: 'none' }, llm: { provider: 'openai', model: 'm' } } }
    expect(hosts(openai)).to.deep.equal(['qdrant:6333', 'api.openai.com:443'])
    expect(hosts({})).to.deep.equal(['qdrant:6333', 'huggingface.co.:443'])
    expect(hosts({ api: { env: [{ name: 'MODELS_DIR', value: '/models' }] } })).to.deep.equal(['qdrant:6333'])
  })

  it('are those of URLs in env, of that component alone', () => {
    const env = [
      { name: 'OPENAI_BASE_URL', value: 'https://gateway.example.org/v1' },
      { name: 'HTTPS_PROXY', value: 'http://proxy.example.org:3128' },
      { name: 'MAX_BODY_MB', value: '10' },
    ]
    const models = { embedding: { provider: 'none' }, llm: { provider: 'openai', model: 'm' } }
    expect(hosts({ models, api: { env } })).to.deep.equal(['qdrant:6333', 'gateway.example.org:443', 'proxy.example.org:3128']) // prettier-ignore
    expect(hosts({ models, api: { env } }, 'worker')).to.deep.equal(['qdrant:6333', 'api.openai.com:443'])
  })
})

describe('the NetworkPolicies', () => {
  const addresses = [{ host: '10.0.0.9', port: 5432 }]

  it('are not there unless the spec asks for them', () => {
    expect(networkPolicy(pipeline(), 'api', { addresses })).to.equal(null)
  })

  it("let in the tenants' namespaces and whom the spec names, and let out to stores, models and what the spec adds", () => {
    const prometheus = namespaceNamed('monitoring')
    const of = pipeline({
      allowedTenantNamespaces: ['team-b', 'team-a'],
      networkPolicy: { enabled: true, from: [prometheus], egress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }] },
    })
    expect(networkPolicy(of, 'worker', { addresses })).to.deep.equal({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: objectMetadata(of, 'demo-worker', 'worker'),
      spec: {
        podSelector: {
          matchLabels: {
            'app.kubernetes.io/name': 'selfrag',
            'app.kubernetes.io/instance': 'demo',
            'app.kubernetes.io/component': 'worker',
          },
        },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [{ podSelector: {} }, namespaceNamed('team-a'), namespaceNamed('team-b'), prometheus],
            ports: [tcp(8020)],
          },
        ],
        egress: [
          dns,
          { to: [namespaceNamed('rag')] },
          { to: [{ ipBlock: { cidr: '10.0.0.9/32' } }], ports: [tcp(5432)] },
          { ports: [tcp(443)] },
          { to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] },
        ],
      },
    })
  })

  it('let nobody in to the pods of Jobs, and these out to stores, and a backup to its bucket', () => {
    const s3 = { region: 'eu-central-1', credentialsSecretRef: { name: 's3' } }
    const backup = { schedule: '@daily', destination: 's3://safe/demo', s3 }
    const of = pipeline({ networkPolicy: { enabled: true }, backup })
    const stores = [{ to: [namespaceNamed('rag')] }, { to: [{ ipBlock: { cidr: '10.0.0.9/32' } }], ports: [tcp(5432)] }]
    const selects = networkPolicy(of, 'migrate', { addresses })?.spec.podSelector.matchLabels
    const job = migrationJob(of, { image: 'i', secretsChecksum: 'c', owner: { cluster: 'c', uid: 'u', name: 'n' }, adopt: false }) // prettier-ignore
    expect(job.spec.template.metadata?.labels).to.include(selects)
    const ofMigration = networkPolicy(of, 'migrate', { addresses })?.spec
    expect(ofMigration).to.deep.include({ policyTypes: ['Ingress', 'Egress'], egress: [dns, ...stores] })
    expect(ofMigration).not.to.have.property('ingress')
    const cronJob = backupCronJob(of, { image: 'i', secretsChecksum: 'c', addresses })
    const ofBackup = networkPolicy(of, 'backup', { addresses })?.spec
    expect(cronJob?.spec.jobTemplate.spec?.template.metadata?.labels).to.include(ofBackup?.podSelector.matchLabels)
    expect(ofBackup).to.deep.include({ egress: [dns, ...stores, { ports: [tcp(443)] }] })
    expect(networkPolicy(pipeline({ networkPolicy: { enabled: true } }), 'backup', { addresses })).to.equal(null)
  })

  it('let in everybody in the cluster when every namespace may have tenants', () => {
    const of = pipeline({ allowedTenantNamespaces: ['a', '*'], networkPolicy: { enabled: true } })
    expect(networkPolicy(of, 'api', { addresses })?.spec.ingress?.[0]?.from).to.deep.equal([{ namespaceSelector: {} }])
  })

  it('let out to what the spec lists alone when it says so', () => {
    const egress = [{ ports: [{ port: 443 }] }]
    const of = pipeline({ networkPolicy: { enabled: true, deriveEgress: false, egress } })
    expect(networkPolicy(of, 'api', { addresses })?.spec.egress).to.deep.equal([dns, { ports: [tcp(443)] }])
  })
})
