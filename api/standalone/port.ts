import { createServer } from 'node:net'

/**
 * Finds out early, before a database is started, whether the port can be listened on.
 * @throws PortError in words for a person
 */
export async function checkPort(host: string, port: number): Promise<void> {
  if (port === 0) return
  await new Promise<void>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (cause: NodeJS.ErrnoException) => reject(portError(host, port, cause)))
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

export function portError(host: string, port: number, cause: NodeJS.ErrnoException): PortError {
  const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${cause.code ?? cause.message})`
  return new PortError(`port ${port} on ${host} ${why}; set PORT (or HOST) to another one`, { cause })
}

/** The port cannot be listened on; told in words for a person. */
export class PortError extends Error {
  override readonly name = 'PortError'
}
