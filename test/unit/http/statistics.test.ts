import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Metrics } from '../../../api/metrics.ts'
import { StatisticsService, humanDuration } from '../../../api/services/statistics.ts'

describe('StatisticsService', () => {
  const facts = {
    version: '1.0.0',
    environment: 'production',
    startedAt: new Date('2026-01-01T00:00:00Z'),
    llm: { provider: 'ollama', model: 'qwen3:14b' },
    embedding: { provider: 'ollama', model: 'bge-m3', dimension: 1024 },
    poolSize: 10,
  }
  const make = (metrics: Metrics) =>
    new StatisticsService(metrics, facts, () => ({ active: 8, idle: 2, waiting: 0 }), () => new Date('2026-01-01T01:00:00.5Z')) // prettier-ignore

  it('tells what the original service told, in the same places', async () => {
    const metrics = new Metrics()
    await metrics.time('llm', 'ollama', async () => {})
    await metrics.time('llm', 'ollama', () => Promise.reject(new Error('no'))).catch(() => undefined)
    await metrics.time('retrieval', 'hybrid', async () => {})
    metrics.observeQuery(0.025)
    const { service, config, stats } = await make(metrics).summary()
    expect(service).to.deep.equal({
      uptime_seconds: 3600.5,
      uptime_human: '1h 0m 0s',
      timestamp: '2026-01-01T01:00:00.500Z',
      version: '1.0.0',
      environment: 'production',
    })
    expect(config).to.deep.equal({
      llm_provider: 'ollama',
      llm_model: 'qwen3:14b',
      embedding_provider: 'ollama',
      embedding_model: 'bge-m3',
      embedding_dim: 1024,
    })
    expect(stats.calls['llm:ollama']).to.include({ count: 2, error_rate: 0.5 })
    expect(stats.calls).not.to.have.property('embedding:ollama')
    expect(stats.retrievals['hybrid']).to.include({ count: 1, error_rate: 0 })
    expect(stats.database).to.deep.equal({ active_connections: 8, pool_size: 10, avg_query_time_ms: 25 })
  })

  it('gives Prometheus the names that alerts are written for', async () => {
    const metrics = new Metrics()
    metrics.observe('GET', '/health', 200, 0.01)
    metrics.observe('BREW', '/health', 404, 0.01)
    await metrics.time('embedding', 'local', async () => {})
    const { text, contentType } = await make(metrics).prometheus()
    expect(contentType).to.match(/^text\/plain/)
    expect(text).to.contain('http_requests_total{method="GET",route="/health",status="200"} 1')
    expect(text).to.contain('http_requests_total{method="other",route="/health",status="404"} 1')
    expect(text).to.contain('http_request_duration_seconds_count{method="GET",route="/health"} 1')
    expect(text).to.contain('embedding_calls_total{provider="local",outcome="success"} 1')
    expect(text).to.contain('# TYPE llm_calls_total counter')
    expect(text).to.contain('# TYPE retrieval_operations_total counter')
  })
})

describe('humanDuration', () => {
  it('counts days, hours, minutes and seconds', () => {
    expect(humanDuration(0.9)).to.equal('0h 0m 0s')
    expect(humanDuration(3661)).to.equal('1h 1m 1s')
    expect(humanDuration(90_061)).to.equal('1d 1h 1m 1s')
  })
})
