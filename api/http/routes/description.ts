import { z } from 'zod'
import { DOCS_ASSETS } from '../docs-assets.ts'
import { openApiDocument } from '../openapi/document.ts'
import { type Route, defineRoute } from '../route.ts'

const tags = ['operations']

export const root = defineRoute({
  method: 'get',
  path: '/',
  operationId: 'root',
  summary: 'What this is, and where to read on',
  tags,
  auth: 'public',
  responses: {
    200: {
      description: 'Name, version and addresses.',
      schema: z.object({ name: z.string(), version: z.string(), docs: z.string(), openapi: z.string() }),
    },
  },
  async handler({ services }) {
    return {
      status: 200,
      body: { name: 'selfrag', version: services.version, docs: '/docs', openapi: '/openapi.json' },
    }
  },
})

/** @param routes all routes, this one included; asked for when the first request comes */
export function openApiRoute(routes: () => readonly Route[]): Route {
  let document: Record<string, unknown> | undefined
  return defineRoute({
    method: 'get',
    path: '/openapi.json',
    operationId: 'openapi',
    summary: 'This description, as OpenAPI 3.1',
    tags,
    auth: 'public',
    responses: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
    async handler({ services }) {
      document ??= openApiDocument(routes(), services.version)
      return { status: 200, body: document, headers: { 'Cache-Control': 'public, max-age=300' } }
    },
  })
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>selfrag API</title>
<link rel="stylesheet" href="${DOCS_ASSETS}/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="docs"></div>
<script src="${DOCS_ASSETS}/swagger-ui-bundle.js"></script>
<script src="${DOCS_ASSETS}/start.js"></script>
</body>
</html>
`

export const docs = defineRoute({
  method: 'get',
  path: '/docs',
  operationId: 'docs',
  summary: 'This description, to read and try out',
  tags,
  auth: 'public',
  responses: { 200: { description: 'A page for browsers.', text: 'text/html' } },
  async handler() {
    return { status: 200, text: page, headers: { 'Content-Type': 'text/html; charset=utf-8' } }
  },
})
