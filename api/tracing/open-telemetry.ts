import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Configuration } from '../contract/configuration.ts'
import type { RequestSpan, SpanFacts, Tracing } from './tracing.ts'

/**
 * Traces by OpenTelemetry's own libraries, sent by OTLP over HTTP. Headers, time-outs and batch sizes they read from the standard
 * OTEL_* variables by themselves.
 */
export function openTelemetry(
  service: { readonly name: string; readonly version: string },
  url: string,
  { OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }: Configuration,
): Tracing {
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': service.name, 'service.version': service.version }))
    .merge(detectResources({ detectors: [envDetector] }))
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })
  const sampler = samplerOf(OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG)
  const provider = new TracerProvider({ resource, sampler, spanProcessors: [processor] })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const tracer = provider.getTracer('selfrag', service.version)
  const propagator = new W3CTraceContextPropagator()
  return {
    span: (name, facts, work) =>
      tracer.startActiveSpan(name, { attributes: present(facts) }, async span => ending(span, work)),
    request(method, headers, handle) {
      const parent = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, parent) // prettier-ignore
      context.with(trace.setSpan(parent, span), () => handle(requestSpan(method, span)))
    },
    headers() {
      const carrier: { traceparent?: string } = {}
      propagator.inject(context.active(), carrier, defaultTextMapSetter)
      return carrier.traceparent === undefined ? {} : { traceparent: carrier.traceparent }
    },
    async stop() {
      await provider.shutdown()
      context.disable()
    },
  }
}

function requestSpan(method: string, span: Span): RequestSpan {
  return {
    traceId: span.spanContext().traceId,
    end(route, status, facts) {
      span.updateName(`${method} ${route}`)
      span.setAttributes({ 'http.route': route, 'http.response.status_code': status, ...present(facts) })
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    },
  }
}

/** An error is told by its name: its message may hold what somebody wrote. */
async function ending<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    span.setAttribute('error.type', error instanceof Error ? error.name : typeof error)
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

function present(facts: SpanFacts): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Record<string, string>
}

function samplerOf(name: Configuration['OTEL_TRACES_SAMPLER'], ratio: number): Sampler {
  const root = name.endsWith('always_off')
    ? new AlwaysOffSampler()
    : name.endsWith('traceidratio')
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler()
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}
