import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { bareEnvironment } from '../../support/bare-environment.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'

const entry = join(import.meta.dirname, '../../../api/main.ts')

/** The API as a process of its own, on stores that are not there. */
describe('api/main.ts', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function start(environment: Record<string, string>) {
    const child = spawn(process.execPath, [entry], { env: { ...bareEnvironment, ...environment } })
    children.push(child)
    const output = { out: '', error: '' }
    child.stdout.on('data', part => (output.out += String(part)))
    child.stderr.on('data', part => (output.error += String(part)))
    return { child, output, exited: once(child, 'exit') as Promise<[number | null]> }
  }

  const nowhere = {
    DATABASE_URL: 'postgresql://u:p@127.0.0.1:9/none',
    QDRANT_URL: 'http://127.0.0.1:9',
    EMBEDDING_PROVIDER: 'none',
    HOST: '127.0.0.1',
  }

  it('tells every fault of the configuration in a line of its own, and no secret, and ends', async function () {
    this.timeout(30_000)
    const { output, exited } = start({ PORT: 'many', ADMIN_TOKEN: 'short-secret', LOG_LEVEL: 'loud' })
    expect((await exited)[0]).to.equal(1)
    const lines = output.error.trim().split('\n')
    expect(lines.map(line => line.split(':')[0])).to.include.members(['PORT', 'ADMIN_TOKEN', 'LOG_LEVEL'])
    expect(output.error)
      .not.to.contain('short-secret')
      .and.not.to.match(/\n\s+at /)
  })

  it('tells in one line that its port is in use, and ends', async function () {
    this.timeout(30_000)
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const { output, exited } = start({ ...nowhere, PORT: String(port) })
    expect((await exited)[0]).to.equal(1)
    expect(output.error.trim()).to.equal(`PORT: ${port} on 127.0.0.1 is in use; set PORT or HOST to another one`)
    taken.close()
  })

  it('starts without its stores, says which are missing, and on SIGTERM lets a request in flight end', async function () {
    this.timeout(60_000)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const { child, output, exited } = start({ ...nowhere, PORT: String(port), ADMIN_TOKEN: 'a-token-for-this-test' })
    await eventually(async () => expect((await fetch(`${url}/health`)).status).to.equal(200), 30_000)
    const ready = await fetch(`${url}/ready`)
    expect(ready.status).to.equal(503)
    const { checks } = (await ready.json()) as { checks: Record<string, { status: string; message: string }> }
    expect(checks['database']).to.include({ status: 'error' })
    expect(checks['qdrant']).to.include({ status: 'error' })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).to.contain('nodejs_eventloop_lag_seconds')

    // A request of which only half has arrived when the signal comes.
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const head = 'POST /admin/tenants HTTP/1.1\r\nHost: x\r\nX-Admin-Token: a-token-for-this-test\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n' // prettier-ignore
    socket.write(head + '{')
    await eventually(async () => expect((await fetch(`${url}/health`)).status).to.equal(200))
    child.kill('SIGTERM')
    await eventually(() => expect(output.out).to.contain('stopping'))
    await eventually(async () => expect(await fetch(`${url}/health`).then(() => 'open', () => 'closed')).to.equal('closed')) // prettier-ignore
    let answer = ''
    socket.on('data', part => (answer += String(part)))
    socket.write('}')
    await once(socket, 'close')
    expect(answer).to.match(/^HTTP\/1\.1 400 /)
    expect(answer).to.contain('name: is required')
    expect((await exited)[0]).to.equal(0)
    expect(output.out).to.contain('"message":"stopped"')
    for (const line of output.out.trim().split('\n')) expect(JSON.parse(line)).to.include({ logger: 'selfrag.api' })
  })
})
