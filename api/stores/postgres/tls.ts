import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { DatabaseAddress } from './database-address.ts'

/** What `pg` gets as `ssl`. It has no `prefer` of its own and checks certificates for `require`; libpq does neither. */
export async function tlsOptions(address: DatabaseAddress, timeoutMs: number): Promise<ConnectionOptions | false> {
  const unixSocket = address.host.startsWith('/')
  if (unixSocket || address.sslMode === 'disable') return false
  if (address.sslMode === 'prefer') return (await offersTls(address, timeoutMs)) && { rejectUnauthorized: false }
  if (address.sslMode === 'require' && !address.sslRootCert) return { rejectUnauthorized: false }
  return {
    rejectUnauthorized: true,
    ...(address.sslRootCert && { ca: await readFile(address.sslRootCert, 'utf8') }),
    // verify-ca trusts the authority, whatever name the certificate bears.
    ...(address.sslMode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  }
}

/** The protocol's SSLRequest: length 8, code 80877103. The server answers `S` or `N`. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

function offersTls(address: DatabaseAddress, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port, timeout: timeoutMs })
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.once('connect', () => socket.write(SSL_REQUEST))
    socket.once('data', answer => {
      socket.destroy()
      resolve(answer[0] === 'S'.charCodeAt(0))
    })
    socket.once('timeout', () =>
      fail(Object.assign(new Error(`${address.host}:${address.port} did not answer`), { code: 'ETIMEDOUT' })),
    )
    socket.once('end', () =>
      fail(Object.assign(new Error(`${address.host}:${address.port} hung up`), { code: 'ECONNRESET' })),
    )
    socket.once('error', fail)
  })
}
