import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'

const module = join(import.meta.dirname, '../../api/stop-signals.ts')

/** A program that listens for signals, and says `ready` after `then`. */
async function start(then: string) {
  const source = `
    import { listenForStop } from ${JSON.stringify(module)}
    const stopBy = listenForStop({ error: (_, message) => console.log(message) })
    const alive = setInterval(() => {}, 1000)
    ${then}
    console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source])
  let output = ''
  child.stdout.on('data', part => (output += String(part)))
  await once(child.stdout, 'data')
  return { child, output: () => output, exited: once(child, 'exit') as Promise<[number | null, string | null]> }
}

describe('listenForStop', () => {
  it('ends a program at once that has nothing to stop yet', async () => {
    const { child, exited } = await start('')
    child.kill('SIGTERM')
    expect(await exited).to.deep.equal([0, null])
  })

  it('stops what there is to stop, once', async () => {
    const { child, exited, output } = await start(`stopBy(async signal => { console.log('by', signal); clearInterval(alive) })`) // prettier-ignore
    child.kill('SIGTERM')
    expect(await exited).to.deep.equal([0, null])
    expect(output()).to.equal('ready\nby SIGTERM\n')
  })

  it('does not wait at a second signal', async () => {
    const { child, exited } = await start(`stopBy(() => { console.log('stopping'); return new Promise(() => {}) })`)
    child.kill('SIGTERM')
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    expect(await exited).to.deep.equal([1, null])
  })

  it('ends with 1 when it cannot stop, and says so', async () => {
    const { child, exited, output } = await start(`stopBy(async () => { throw new Error('no') })`)
    child.kill('SIGTERM')
    expect(await exited).to.deep.equal([1, null])
    expect(output()).to.contain('could not stop cleanly')
  })
})
