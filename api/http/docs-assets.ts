import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { type Express } from 'express'

/** Where the page at /docs finds Swagger UI. */
export const DOCS_ASSETS = '/docs/assets'

const files = new Set(['/swagger-ui.css', '/swagger-ui-bundle.js'])

/** A file of its own, because the content security policy allows no inline scripts. */
const start = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
})
`

/** Swagger UI's script and style from the installed package, so that /docs works without the internet. */
export function serveDocsAssets(app: Express): void {
  const folder = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))
  const serve = express.static(folder, { index: false, maxAge: '1d' })
  app.get(`${DOCS_ASSETS}/start.js`, (_request, response) => void response.type('text/javascript').send(start))
  app.use(DOCS_ASSETS, (request, response, next) => (files.has(request.path) ? serve(request, response, next) : next()))
}
