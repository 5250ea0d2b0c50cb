import { expect } from 'chai'
import { describe, it } from 'mocha'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SslMode } from '../../api/stores/postgres/database-address.ts'
import { tlsOptions } from '../../api/stores/postgres/tls.ts'

describe('stores/postgres/tls', () => {
  const address = (sslMode: SslMode, changes: object = {}) => ({
    ...{ host: '127.0.0.1', port: 1, database: 'd', user: 'u', sslMode },
    ...changes,
  })

  /** What `prefer` makes of a server that answers the question for TLS with these bytes, or hangs up without any. */
  async function preferredWith(answer: string | null): Promise<unknown> {
    const asked: Buffer[] = []
    const server = createServer(socket =>
      socket
        .on('error', () => undefined)
        .once('data', (data: Buffer) => {
          asked.push(data)
          if (answer === null) socket.end()
          else socket.write(answer)
        }),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      const options = await tlsOptions(address('prefer', { port }), 1_000)
      expect(asked[0]?.toString('hex')).to.equal('0000000804d2162f')
      return options
    } finally {
      server.close()
    }
  }

  it('takes TLS when it is offered and only preferred, and goes without when it is not', async () => {
    expect(await preferredWith('S')).to.deep.equal({ rejectUnauthorized: false })
    expect(await preferredWith('N')).to.equal(false)
  })

  it('does not take a lost connection for a server without TLS', async () => {
    const failure = await preferredWith(null).catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(Error).with.property('code', 'ECONNRESET')
  })

  it('checks what the mode asks for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-tls-'))
    const sslRootCert = join(folder, 'ca.pem')
    await writeFile(sslRootCert, 'a certificate')
    expect(await tlsOptions(address('disable'), 1_000)).to.equal(false)
    expect(await tlsOptions(address('require'), 1_000)).to.deep.equal({ rejectUnauthorized: false })
    expect(await tlsOptions(address('verify-full', { sslRootCert }), 1_000)).to.deep.equal({
      rejectUnauthorized: true,
      ca: 'a certificate',
    })
    expect(await tlsOptions(address('verify-ca', { sslRootCert }), 1_000)).to.have.property('checkServerIdentity')
    expect(await tlsOptions(address('verify-full', { host: '/var/run/postgresql' }), 1_000)).to.equal(false)
    await rm(folder, { recursive: true })
  })
})
