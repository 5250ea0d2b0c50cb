import { expect } from 'chai'
import { describe, it } from 'mocha'
import { beginStage, endStage, failStage, noteProgress, pendingStages, postponeStage, restartFrom, resumedStages } from '../../../api/ingestion/job-stages.ts' // prettier-ignore

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second))
const fresh = pendingStages(['parse', 'chunk', 'embed'])

describe('the record of stages', () => {
  it('tells begin and end of each', () => {
    const done = endStage(beginStage(fresh, 'parse', at(1)), 'parse', at(2), '12 characters')
    expect(done[0]).to.deep.equal({
      name: 'parse',
      status: 'done',
      attempts: 1,
      started_at: '2026-01-01T00:00:01.000Z',
      finished_at: '2026-01-01T00:00:02.000Z',
      detail: '12 characters',
    })
    expect(done.slice(1)).to.deep.equal(fresh.slice(1))
  })

  it('keeps the first beginning, and counts attempts', () => {
    const waiting = postponeStage(beginStage(fresh, 'parse', at(1)), 'parse', 'the store is down')
    expect(waiting[0]).to.include({ status: 'pending', detail: 'waiting: the store is down', attempts: 1 })
    expect(beginStage(waiting, 'parse', at(9))[0]).to.include({ attempts: 2, started_at: '2026-01-01T00:00:01.000Z' })
  })

  it('counts a stage that was cut off as a crash, and one that waited not', () => {
    const running = beginStage(fresh, 'parse', at(1))
    expect(beginStage(running, 'parse', at(2))[0]).to.include({ crashes: 1, attempts: 2 })
    expect(beginStage(postponeStage(running, 'parse', 'x'), 'parse', at(2))[0]).not.to.have.property('crashes')
  })

  it('tells progress and failure', () => {
    const running = noteProgress(beginStage(fresh, 'embed', at(1)), 'embed', '128 of 400 chunks')
    expect(running[2]).to.include({ status: 'running', detail: '128 of 400 chunks' })
    expect(failStage(running, 'embed', at(3), 'why')[2]).to.include({ status: 'failed', detail: 'why' })
  })

  it('goes on after what was done', () => {
    const parsed = endStage(beginStage(fresh, 'parse', at(1)), 'parse', at(2))
    const failed = failStage(beginStage(parsed, 'chunk', at(3)), 'chunk', at(4), 'why')
    const resumed = resumedStages(failed)
    expect(resumed.map(({ status }) => status)).to.deep.equal(['done', 'pending', 'pending'])
    expect(resumed[1]).to.deep.equal({ name: 'chunk', status: 'pending', attempts: 0 })
  })

  it('goes back to a stage, and undoes those after it without calling them crashed', () => {
    const all = ['parse', 'chunk', 'embed'].reduce((stages, name) => endStage(beginStage(stages, name, at(1)), name, at(2)), fresh) // prettier-ignore
    const back = restartFrom(all, 'chunk', at(5))
    expect(back.map(({ status }) => status)).to.deep.equal(['done', 'running', 'pending'])
    expect(back[1]).not.to.have.property('crashes')
  })
})
