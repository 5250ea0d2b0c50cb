import type { LoggerOptions } from 'pino'
import { describeError } from './describe-error.ts'
import { maskSecrets } from './mask-secrets.ts'

/**
 * One JSON object a line: timestamp, level, logger, message, and what the caller adds (request_id, tenant_id,
 * duration_ms, …). Shared by the API, the worker and the operator; each entry makes its own pino from it.
 */
export function logOptions(logger: string, level: string): LoggerOptions {
  return {
    level,
    base: { logger },
    messageKey: 'message',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    serializers: { err: (error: unknown) => describeError(error) },
    hooks: { streamWrite: maskSecrets },
    formatters: { level: label => ({ level: label.toUpperCase() }) },
    redact: {
      // Keys reach logs by way of request headers and client errors; documents by way of bodies.
      paths: [
        '*.authorization',
        '*.Authorization',
        '*["x-admin-token"]',
        '*["api-key"]',
        'headers.authorization',
        'headers["x-admin-token"]',
        'password',
        '*.password',
        '*.apiKey',
        '*.token',
      ],
      censor: '[redacted]',
    },
  }
}
