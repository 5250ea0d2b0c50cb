import { type Transport, type TransportRequest } from './kubernetes-transport.ts'

/** One request to the API server, as metrics tell of it. */
export interface ObservedRequest {
  /** As in RBAC, and `apply` for a server-side apply. */
  readonly verb: string
  /** Plural, with the subresource: `ragtenants/status`. */
  readonly resource: string
  /** HTTP status; `none` when no answer came. */
  readonly code: string
  /** Until the head of the answer: a watch lasts for minutes after it. */
  readonly seconds: number
}

/** @param now milliseconds */
export function observeTransport(
  transport: Transport,
  observe: (request: ObservedRequest) => void,
  now: () => number,
): Transport {
  return async request => {
    const start = now()
    const told = (code: string) => observe({ ...describeRequest(request), code, seconds: (now() - start) / 1000 })
    try {
      const response = await transport(request)
      told(String(response.statusCode))
      return response
    } catch (error) {
      told('none')
      throw error
    }
  }
}

/** What a request asks for. Names are left out, so that there are few different answers. Pure. */
export function describeRequest(
  request: Pick<TransportRequest, 'method' | 'path' | 'contentType'>,
): Pick<ObservedRequest, 'verb' | 'resource'> {
  const [path = '', query] = request.path.split('?')
  const [root, ...rest] = path.split('/').filter(part => part !== '')
  // /api/v1/… and /apis/group/version/…
  const parts = rest.slice(root === 'api' ? 1 : 2)
  const [plural = 'unknown', name, subresource] = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`
  return { verb: verbOf(request, name !== undefined, new URLSearchParams(query).has('watch')), resource }
}

function verbOf(
  { method, contentType }: Pick<TransportRequest, 'method' | 'contentType'>,
  named: boolean,
  watch: boolean,
) {
  switch (method) {
    case 'GET':
      return watch ? 'watch' : named ? 'get' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return contentType?.startsWith('application/apply-patch') ? 'apply' : 'patch'
    case 'DELETE':
      return 'delete'
  }
}
