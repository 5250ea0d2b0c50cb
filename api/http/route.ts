import { type z } from 'zod'
import type { Logger } from 'pino'
import type { Role } from '../contract/api-key.ts'
import type { ErrorCode } from '../contract/error-codes.ts'
import type { Services } from '../services/services.ts'
import type { AdminCaller, AnonymousCaller, KeyCaller } from '../services/caller.ts'
import type { ErrorShape } from './error-body.ts'
import type { FormBody } from './form-body.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'

/**
 * What an endpoint is: its place, who may call it, what it takes and gives, and the function that does it. Express routes
 * (mount-route.ts), the OpenAPI document (openapi/) and the property tests are all made from this, so none can say what
 * the others do not.
 */

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** `{ role: 'read' }`: an API key of that role or a higher one. `admin`: the X-Admin-Token. */
export type Auth = 'public' | 'admin' | { readonly role: Role }

type Fields = z.ZodObject<z.core.$ZodLooseShape>
type NoFields = z.ZodObject<Record<never, never>, z.core.$strict>

/** What may be answered: JSON of a schema, text of a media type, a stream of events, or (none of them) nothing. */
export interface ResponseDefinition {
  readonly description: string
  readonly schema?: z.ZodType
  /** Media type of an answer that is not JSON. */
  readonly text?: string
  /** What a stream of server-sent events may hold, by the events' names. */
  readonly events?: EventSchemas
}

export type EventSchemas = Readonly<Record<string, z.ZodType>>

/** One server-sent event. The name `message` is what clients take for granted, and is not written. */
export interface ServerEvent {
  readonly event: string
  /** JSON; a string is written as it is, and must be one line. */
  readonly data: unknown
}

type EventOf<E extends EventSchemas> = {
  [K in keyof E & string]: { readonly event: K; readonly data: z.output<E[K]> }
}[keyof E & string]

export type Responses = Readonly<Record<number, ResponseDefinition>>

type Content<D extends ResponseDefinition> =
  | (D extends { schema: infer S extends z.ZodType } ? { readonly body: z.output<S> } : never)
  | (D extends { text: string } ? { readonly text: string } : never)
  | (D extends { events: infer E extends EventSchemas } ? { readonly events: AsyncIterable<EventOf<E>> } : never)
  | (D extends { schema: z.ZodType } | { text: string } | { events: EventSchemas } ? never : { readonly body?: never })

/** One of the declared statuses, with what was declared for it. */
export type Reply<R extends Responses> = {
  [S in keyof R & number]: {
    readonly status: S
    readonly headers?: Readonly<Record<string, string>>
    /** Milliseconds a stage, for the header Server-Timing. */
    readonly timings?: Readonly<Record<string, number>>
  } & Content<R[S]>
}[keyof R & number]

type Identity<A extends Auth> = A extends { role: Role }
  ? { readonly caller: KeyCaller; /** What the key may touch. */ readonly scope: TenantScope }
  : A extends 'admin'
    ? { readonly caller: AdminCaller }
    : { readonly caller: AnonymousCaller }

/** What a handler is given: validated input and who asks. */
export type Context<A extends Auth, P, Q, H, B> = Identity<A> & {
  readonly params: P
  readonly query: Q
  /** The declared headers only, by lower-case name. */
  readonly headers: H
  readonly body: B
  readonly requestId: string
  /** Aborted when the client goes away before the answer is complete. */
  readonly signal: AbortSignal
  /** Already says which request and tenant. */
  readonly log: Logger
  readonly services: Services
}

export interface RouteDefinition<
  A extends Auth,
  P extends Fields,
  Q extends Fields,
  H extends Fields,
  B extends z.ZodType,
  F extends Fields | undefined,
  R extends Responses,
> {
  readonly method: Method
  /** As OpenAPI writes it: `/v1/knowledge-bases/{id}`. */
  readonly path: string
  /** Name of the operation for generated clients: `createKnowledgeBase`. */
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly auth: A
  /** See identifier.ts: an id that cannot be one is told as "not found". */
  readonly params?: P
  readonly query?: Q
  readonly headers?: H
  /** A JSON body. */
  readonly body?: B
  /** Instead of `body`: fields of a multipart form that also holds one file. */
  readonly form?: F
  readonly responses: R
  /** Codes that this endpoint itself answers with; those of authentication, validation and faults are added. */
  readonly errors?: readonly ErrorCode[]
  /** How this endpoint tells errors; default `own`. */
  readonly errorShape?: ErrorShape
  readonly handler: (
    context: Context<A, z.output<P>, z.output<Q>, z.output<H>, F extends Fields ? FormBody<z.output<F>> : z.output<B>>,
  ) => Promise<Reply<NoInfer<R>>>
}

/** A route whose types have been checked where it was defined. */
export type Route = Omit<
  RouteDefinition<Auth, Fields, Fields, Fields, z.ZodType, Fields | undefined, Responses>,
  'handler'
> & {
  readonly handler: (context: object) => Promise<AnyReply>
}

export interface AnyReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly timings?: Readonly<Record<string, number>>
  readonly body?: unknown
  readonly text?: string
  readonly events?: AsyncIterable<ServerEvent>
}

/** Checks a route where it is written: its handler gets what the schemas give, and may only answer what is declared. */
export function defineRoute<
  const A extends Auth,
  const R extends Responses,
  P extends Fields = NoFields,
  Q extends Fields = NoFields,
  H extends Fields = NoFields,
  B extends z.ZodType = z.ZodUndefined,
  F extends Fields | undefined = undefined,
>(definition: RouteDefinition<A, P, Q, H, B, F, R>): Route {
  // mount-route.ts parses with these very schemas before it calls the handler, which the erased type no longer shows.
  return definition as unknown as Route
}
