import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { recent } from '../../../operator/runtime/recent.ts'

describe('what was read a moment ago', () => {
  let reads: PromiseWithResolvers<string>[]
  let time: number
  let ask: () => Promise<string>
  beforeEach(() => {
    reads = []
    time = 0
    const read = () => {
      const reading = Promise.withResolvers<string>()
      reads.push(reading)
      return reading.promise
    }
    ask = recent({ read, keep: value => value === 'good', forMs: 1000, now: () => time })
  })

  it('stands for a moment, counted from when it was asked', async () => {
    const first = ask()
    time = 900
    reads[0]?.resolve('good')
    expect(await first).to.equal('good')
    expect(await ask()).to.equal('good')
    expect(reads).to.have.length(1)
    time = 1000
    const second = ask()
    reads[1]?.resolve('good')
    await second
    expect(reads).to.have.length(2)
  })

  it('is waited for by all who ask meanwhile', async () => {
    const asked = Promise.all([ask(), ask(), ask()])
    reads[0]?.resolve('good')
    expect(await asked).to.deep.equal(['good', 'good', 'good'])
    expect(reads).to.have.length(1)
  })

  it('is not passed on when it is no good: whoever was woken since may find better', async () => {
    const first = ask()
    const second = ask()
    reads[0]?.resolve('bad')
    expect(await first).to.equal('bad')
    await nextTurn()
    reads[1]?.resolve('good')
    expect(await second).to.equal('good')
  })

  it('that failed fails for the one who read it alone', async () => {
    const first = ask()
    const second = ask()
    reads[0]?.reject(new Error('away'))
    expect(await first.catch((error: Error) => error.message)).to.equal('away')
    await nextTurn()
    reads[1]?.resolve('good')
    expect(await second).to.equal('good')
  })
})
