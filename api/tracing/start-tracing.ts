import type { Configuration } from '../contract/configuration.ts'
import { setTracing } from './tracing.ts'

/** Starts sending traces where a collector is configured; else nothing of OpenTelemetry is even loaded. Gives what ends it. */
export async function startTracing(
  service: { readonly name: string; readonly version: string },
  configuration: Configuration,
): Promise<() => Promise<void>> {
  const { OTEL_SDK_DISABLED, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = configuration
  const url =
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (OTEL_EXPORTER_OTLP_ENDPOINT && `${OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`)
  if (OTEL_SDK_DISABLED || url === undefined) return async () => {}
  const { openTelemetry } = await import('./open-telemetry.ts')
  const tracing = openTelemetry(service, url, configuration)
  setTracing(tracing)
  return async () => {
    setTracing(null)
    // A collector that is away must not keep a pod from ending.
    await tracing.stop().catch(() => undefined)
  }
}
