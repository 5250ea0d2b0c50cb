import type { RequestHandler } from 'express'
import { ApiError } from '../../contract/error-codes.ts'

/** A kubelet and a Prometheus call a pod by its IP. */
const exempt = new Set(['/health', '/ready', '/metrics'])

/** Refuses requests that name another host, as DNS rebinding does. `*.example.com` allows every name below it. */
export function allowedHosts(hosts: readonly string[]): RequestHandler {
  if (hosts.length === 0 || hosts.includes('*')) return (_request, _response, next) => next()
  const allowed = hosts.map(host => host.toLowerCase())
  return (request, _response, next) => {
    const host = hostName(request.headers.host)
    if (exempt.has(request.path) || allowed.some(pattern => matches(pattern, host))) return next()
    next(
      new ApiError(
        'VALIDATION_ERROR',
        `host ${JSON.stringify(host.slice(0, 100))} is not served here; see ALLOWED_HOSTS`,
        {
          status: 421,
        },
      ),
    )
  }
}

function hostName(header: string | undefined): string {
  return (header ?? '').toLowerCase().replace(/:\d+$/, '')
}

function matches(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}
