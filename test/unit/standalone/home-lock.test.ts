import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { type Home, homeAt } from '../../../api/standalone/home.ts'
import { lockHome } from '../../../api/standalone/home-lock.ts'
import { rejection } from '../../support/rejection.ts'

describe('the lock of the home', () => {
  let home: Home
  const lock = () => join(home.directory, 'pid')
  const lockAndRelease = async (pid: number) => {
    const release = await lockHome(home, pid)
    await release()
  }
  beforeEach(async () => (home = homeAt(await mkdtemp(join(tmpdir(), 'selfrag-lock-')))))
  afterEach(() => rm(home.directory, { recursive: true }))

  it('keeps others out until it is released', async () => {
    const release = await lockHome(home, process.pid)
    expect((await rejection(lockHome(home, process.ppid))).message).to.include(`in use by process ${process.pid}`)
    await release()
    expect(existsSync(lock())).to.equal(false)
    await lockAndRelease(process.ppid)
  })

  it('lets in one of two that start in the same moment', async () => {
    const outcomes = await Promise.allSettled([lockHome(home, process.pid), lockHome(home, process.ppid)])
    expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected'])
  })

  it('takes over what a process left that is gone', async () => {
    const child = spawn(process.execPath, ['--eval', ''])
    await new Promise(resolve => child.once('close', resolve))
    for (const left of [`${child.pid}\n`, `${child.pid} 12345\n`, 'no number\n', '']) {
      await writeFile(lock(), left)
      await lockAndRelease(process.pid)
    }
  })

  it('takes over when another program has got the number since', async function () {
    if (!existsSync('/proc/self/stat')) this.skip()
    await lockHome(home, process.ppid)
    const [, started] = (await readFile(lock(), 'utf8')).split(' ')
    expect(Number(started)).to.be.above(0)
    await writeFile(lock(), `${process.ppid} ${Number(started) - 1}\n`)
    await lockAndRelease(process.pid)
  })
})
