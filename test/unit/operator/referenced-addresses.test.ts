import { expect } from 'chai'
import { describe, it } from 'mocha'
import { referencedAddresses } from '../../../operator/plan/referenced-addresses.ts'
import { pipeline } from '../../support/pipelines.ts'

describe('the addresses in what a pipeline refers to', () => {
  it('are hosts and ports of URLs, and nothing else of the values', () => {
    const of = pipeline({
      redis: { urlSecretRef: { name: 'redis' } },
      worker: {
        env: [
          { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', valueFrom: { configMapKeyRef: { name: 'otel', key: 'endpoint' } } },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'token', key: 'token' } } },
        ],
      },
    })
    const values = new Map([
      ['demo-postgres', new Map([['url', 'postgresql://u:s3cret@10.0.0.9:6432/db'], ['other', 'http://unread:1']])],
      ['redis', new Map([['url', 'redis://:s3cret@redis.data.svc']])],
      ['token', new Map([['token', 's3cret']])],
    ]) // prettier-ignore
    const configMaps = new Map([['otel', { endpoint: 'http://collector:4318', other: 'http://unread:2' }]])
    const addresses = referencedAddresses(of, { secrets: { values, missing: [] }, configMaps })
    expect(addresses).to.deep.equal([
      { host: '10.0.0.9', port: 6432 },
      { host: 'redis.data.svc', port: 6379 },
      { host: 'collector', port: 4318 },
    ])
  })
})
