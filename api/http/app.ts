import express, { type Express } from 'express'
import type { Logger } from 'pino'
import type { Configuration } from '../contract/configuration.ts'
import type { HttpMetrics } from '../metrics.ts'
import type { DeniedAccess } from '../services/denied-access.ts'
import type { ErrorShape } from './error-body.ts'
import { serveDocsAssets } from './docs-assets.ts'
import { allowedHosts } from './middleware/allowed-hosts.ts'
import { crossOrigin } from './middleware/cross-origin.ts'
import { errorHandler } from './middleware/error-handler.ts'
import { unknownPath, wrongMethod } from './middleware/not-found.ts'
import { requestId } from './middleware/request-id.ts'
import { requestLog } from './middleware/request-log.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { traceContext } from './middleware/trace-context.ts'
import { type RouteParts, expressPath, mountRoute } from './mount-route.ts'
import type { Route } from './route.ts'
import { routes } from './routes/index.ts'

export interface AppParts extends Omit<RouteParts, 'maxBodyBytes'> {
  readonly configuration: Configuration
  readonly log: Logger
  readonly metrics: HttpMetrics
  readonly denied: DeniedAccess
}

/** The Express application: every route of routes/index.ts behind the same middleware. */
export function createApp(parts: AppParts): Express {
  const { configuration } = parts
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.set('query parser', 'simple')
  app.use(
    requestId(parts.log),
    traceContext,
    requestLog(parts.metrics),
    securityHeaders(),
    allowedHosts(configuration.ALLOWED_HOSTS),
    crossOrigin(configuration.CORS_ORIGINS),
  )
  const routeParts = { ...parts, maxBodyBytes: configuration.MAX_BODY_MB * 1024 * 1024 }
  for (const route of routes) mountRoute(app, route, routeParts)
  serveDocsAssets(app)
  for (const [path, methods] of methodsByPath(routes)) app.all(expressPath(path), wrongMethod(methods, shapeAt(path)))
  app.use(unknownPath, errorHandler(parts.denied))
  return app
}

function shapeAt(path: string): ErrorShape {
  return routes.find(route => route.path === path)?.errorShape ?? 'own'
}

function methodsByPath(all: readonly Route[]): Map<string, string[]> {
  const paths = new Map<string, string[]>()
  for (const { path, method } of all) paths.set(path, [...(paths.get(path) ?? []), method])
  return paths
}
