import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { postgres, type TestDatabase } from '../support/postgres.ts'

const run = promisify(execFile)

describe('npm run db:*', function () {
  this.timeout(60_000)
  let test: TestDatabase
  before(async () => {
    test = await (await postgres()).createDatabase()
  })
  after(() => test.drop())

  const db = async (...parameters: string[]) => {
    const env = { ...process.env, DATABASE_URL: test.url }
    const command = run(process.execPath, ['hack/db.ts', ...parameters], { env })
    return command.then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      (error: { code: number; stderr: string }) => ({ code: error.code, text: error.stderr }),
    )
  }

  it('tells, migrates, and undoes only when told twice', async () => {
    expect((await db('status')).text).to.include('behind: at nothing')
    expect((await db('migrate')).text).to.include('control schema: current')
    expect(await db('rollback')).to.deep.include({ code: 1 })
    expect((await db('status')).text).to.include('control schema: current')
    expect((await db('rollback', '--yes')).text).to.match(/^undone: \d{3}-/)
    expect((await db('status')).text).to.include('behind')
  })

  it('says in one line how it is used', async () => {
    expect(await db('mirgate')).to.deep.equal({
      code: 1,
      text: 'usage: node hack/db.ts status|migrate|rollback [tenant] [--yes]\n',
    })
  })
})
