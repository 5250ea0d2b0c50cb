import { expect } from 'chai'
import { describe, it } from 'mocha'
import { periodOf } from '../../../api/services/usage.ts'
import type { UsageCount, UsageMetric } from '../../../api/stores/postgres/usage.ts'
import { usageReport } from '../../../api/usage/usage-report.ts'

const none = { requests: 0, retrievals: 0, answers: 0, documents: 0, chunks: 0, models: [] }

function count(day: string, metric: UsageMetric, number: number, model = '', provider = model && 'openai'): UsageCount {
  return { tenantId: 't', day, metric, provider, model, count: number }
}

describe('usage/usage-report', () => {
  it('tells nothing of nothing', () => {
    expect(usageReport([])).to.deep.equal({ totals: none, days: [] })
  })

  it('sums days and tells models apart by use and provider', () => {
    const report = usageReport([
      count('2026-11-02', 'retrievals', 3),
      count('2026-11-02', 'llm_calls', 2, 'm'),
      count('2026-11-02', 'llm_input_tokens', 20, 'm'),
      count('2026-11-02', 'llm_output_tokens', 7, 'm'),
      count('2026-11-01', 'llm_calls', 1, 'm'),
      count('2026-11-01', 'llm_calls', 1, 'm', 'azure'),
      count('2026-11-01', 'embedding_calls', 4, 'm'),
      count('2026-11-01', 'embedding_texts', 40, 'm'),
      count('2026-11-01', 'chunks', 40),
    ])
    const model = { provider: 'openai', model: 'm', calls: 0, texts: 0, inputTokens: 0, outputTokens: 0 }
    expect(report.days.map(({ day }) => day)).to.deep.equal(['2026-11-01', '2026-11-02'])
    expect(report.days[1]).to.deep.equal({
      ...none,
      day: '2026-11-02',
      retrievals: 3,
      models: [{ ...model, use: 'llm', calls: 2, inputTokens: 20, outputTokens: 7 }],
    })
    expect(report.totals).to.deep.equal({
      ...none,
      retrievals: 3,
      chunks: 40,
      models: [
        { ...model, use: 'llm', calls: 3, inputTokens: 20, outputTokens: 7 },
        { ...model, use: 'llm', provider: 'azure', calls: 1 },
        { ...model, use: 'embedding', calls: 4, texts: 40 },
      ],
    })
  })
})

describe('services/usage', () => {
  const now = new Date('2026-11-24T23:59:59Z')

  it('asks for thirty days when nobody says which', () => {
    expect(periodOf({}, now)).to.deep.equal({ from: '2026-10-26', to: '2026-11-24' })
    expect(periodOf({ to: '2026-03-01' }, now)).to.deep.equal({ from: '2026-01-31', to: '2026-03-01' })
    expect(periodOf({ from: '2026-11-24' }, now)).to.deep.equal({ from: '2026-11-24', to: '2026-11-24' })
    expect(periodOf({ from: '2027-01-01' }, now)).to.deep.equal({ from: '2027-01-01', to: '2027-01-01' })
  })

  it('refuses a period that ends before it begins, and one of more than a year', () => {
    expect(() => periodOf({ from: '2026-11-02', to: '2026-11-01' }, now)).to.throw('2026-11-02 is after 2026-11-01')
    expect(periodOf({ from: '2024-01-01', to: '2024-12-31' }, now)).to.have.property('from')
    expect(() => periodOf({ from: '2024-01-01', to: '2025-01-01' }, now)).to.throw('longer than 366 days')
  })
})
