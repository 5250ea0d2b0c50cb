import type { RequestListener, ServerResponse } from 'node:http'
import type { Services } from '../services/services.ts'

/** What a worker answers to probes and to Prometheus: /health, /ready and /metrics as the API has them, and nothing else. */
export function workerListener(services: Pick<Services, 'readiness' | 'statistics'>): RequestListener {
  return (request, response) => {
    answer(services, request.url ?? '/', response).catch(() => {
      if (!response.headersSent) sendJson(response, 500, { detail: 'an unexpected error', code: 'INTERNAL_ERROR' })
    })
  }
}

async function answer(
  { readiness, statistics }: Pick<Services, 'readiness' | 'statistics'>,
  url: string,
  response: ServerResponse,
): Promise<void> {
  switch (url.split('?')[0]) {
    case '/health':
      return sendJson(response, 200, { status: 'ok' })
    case '/ready': {
      const state = await readiness.check()
      return sendJson(response, state.status === 'error' ? 503 : 200, state)
    }
    case '/metrics': {
      const { text, contentType } = await statistics.prometheus()
      response.writeHead(200, { 'content-type': contentType }).end(text)
      return
    }
    default:
      return sendJson(response, 404, {
        detail: 'a worker answers /health, /ready and /metrics only',
        code: 'NOT_FOUND',
      })
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
