import { expect } from 'chai'
import { describe, it } from 'mocha'
import { pino } from 'pino'
import type { UsageCount } from '../../../api/stores/postgres/usage.ts'
import { chargedTenant, onAccountOf } from '../../../api/usage/charged-tenant.ts'
import { UsageMeter } from '../../../api/usage/usage-meter.ts'
import { eventually } from '../../support/eventually.ts'

const gpt = { provider: 'openai', model: 'gpt' }

/** What was written, by tenant, day, metric and model; writing can be made to fail or to wait. */
function world(options: { everyMs?: number; limit?: number } = {}) {
  const written = new Map<string, number>()
  const lines: Record<string, unknown>[] = []
  const state = { now: new Date('2026-11-24T10:00:00Z'), batches: 0, meet: async () => {} }
  const write = async (counts: readonly UsageCount[]) => {
    await state.meet()
    state.batches++
    for (const { tenantId, day, metric, model, count } of counts) {
      const key = [tenantId, day, metric, model].join(' ').trim()
      written.set(key, (written.get(key) ?? 0) + count)
    }
  }
  const log = pino({ level: 'info' }, { write: line => lines.push(JSON.parse(line) as Record<string, unknown>) })
  const meter = new UsageMeter({ write, now: () => state.now, log, ...options })
  return { meter, written, state, lines, all: () => Object.fromEntries(written) }
}

describe('usage/usage-meter', () => {
  it('adds up by tenant, day, metric and model, and writes once', async () => {
    const { meter, state, all } = world()
    meter.add('a', { llm_calls: 1, llm_input_tokens: 10, llm_output_tokens: 0 }, gpt)
    meter.add('a', { llm_calls: 1, llm_input_tokens: 5 }, gpt)
    meter.add('b', { retrievals: 1 })
    state.now = new Date('2026-11-25T00:00:00Z')
    meter.add('a', { llm_calls: 1 }, gpt)
    await meter.flush()
    expect(all()).to.deep.equal({
      'a 2026-11-24 llm_calls gpt': 2,
      'a 2026-11-24 llm_input_tokens gpt': 15,
      'b 2026-11-24 retrievals': 1,
      'a 2026-11-25 llm_calls gpt': 1,
    })
    await meter.flush()
    expect(state.batches).to.equal(1)
  })

  it('writes by itself, and goes on after a failure', async () => {
    const { meter, state, all, lines } = world({ everyMs: 2 })
    let failures = 2
    state.meet = async () => {
      if (failures-- > 0) throw new Error('no database')
    }
    meter.add('a', { retrievals: 1 })
    await eventually(() => expect(all()).to.deep.equal({ 'a 2026-11-24 retrievals': 1 }))
    expect(lines.map(({ msg }) => msg)).to.deep.equal(Array(2).fill('could not write what tenants used; it is kept and tried again')) // prettier-ignore
  })

  it('loses nothing that is counted while it writes, whether that works or not', async () => {
    const { meter, state, all } = world()
    for (const works of [false, true]) {
      state.meet = async () => {
        meter.add('a', { answers: 1 })
        if (!works) throw new Error('no database')
      }
      meter.add('a', { answers: 1 })
      await meter.flush().catch(() => undefined)
    }
    state.meet = async () => {}
    await meter.stop()
    expect(all()).to.deep.equal({ 'a 2026-11-24 answers': 4 })
  })

  it('keeps no more than it may while nothing can be written, and says how much it left out', async () => {
    const { meter, state, all, lines } = world({ limit: 3 })
    state.meet = () => Promise.reject(new Error('no database'))
    for (const tenant of ['a', 'b', 'c', 'd', 'e']) meter.add(tenant, { retrievals: 1 })
    await meter.flush().catch(() => undefined)
    meter.add('a', { retrievals: 1 })
    state.meet = async () => {}
    await meter.flush()
    expect(all()).to.deep.equal({ 'a 2026-11-24 retrievals': 2, 'b 2026-11-24 retrievals': 1, 'c 2026-11-24 retrievals': 1 }) // prettier-ignore
    expect(lines.find(({ dropped }) => dropped === 2)?.['level']).to.equal(50)
  })

  it('ends with what is under way, and tells what could not be written at the end', async () => {
    const { meter, state, all, lines } = world()
    let release = () => {}
    state.meet = () => new Promise(resolve => (release = resolve))
    meter.add('a', { retrievals: 1 })
    const slow = meter.flush()
    await new Promise(setImmediate)
    meter.add('a', { retrievals: 1 })
    const stopped = meter.stop()
    release()
    await slow
    await new Promise(setImmediate)
    release()
    await stopped
    expect(all()).to.deep.equal({ 'a 2026-11-24 retrievals': 2 })
    state.meet = () => Promise.reject(new Error('no database'))
    meter.add('a', { retrievals: 1 })
    await meter.stop()
    expect(lines.at(-1)).to.include({ level: 50, counts: 1 })
  })
})

describe('usage/charged-tenant', () => {
  it('is whoever the work was begun for, in everything that it sets off', async () => {
    const seen: unknown[] = []
    async function* stream() {
      for (const _ of [1, 2]) {
        await new Promise(setImmediate)
        yield chargedTenant()
      }
    }
    const work = async () => {
      await new Promise(setImmediate)
      for await (const tenant of stream()) seen.push(tenant)
    }
    await Promise.all([onAccountOf('a', work), onAccountOf('b', work), work()])
    expect(seen.toSorted()).to.deep.equal(['a', 'a', 'b', 'b', undefined, undefined])
  })
})
