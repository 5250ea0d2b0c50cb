/** A request that the API server refused, with its own reason and message. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError'
  /** HTTP status. */
  readonly status: number
  /** `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Forbidden`, `Expired`, … */
  readonly reason: string

  /** @param cause the first cause that the API server gives, a CamelCase word such as `NamespaceTerminating` */
  constructor(request: string, status: number, reason: string, message: string, cause?: string) {
    super(`${request}: ${status} ${reason}: ${message}`, { cause })
    this.status = status
    this.reason = reason
  }
}

/** The object is not there. Tested for explicitly: no other failure means absence. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404
}

/** Somebody changed the object since it was read; reading again and deciding again is the answer. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 409 && error.reason === 'Conflict'
}

/** The object is not as the API server takes it, or changes a field that cannot be changed; trying again does not help. */
export function isInvalid(error: unknown): error is KubernetesError {
  return error instanceof KubernetesError && error.status === 422
}

/** Why a kind that may be missing cannot be used: its CRD is not there, or the operator has no right to it. */
export type Absence = 'NotInstalled' | 'Forbidden'

/** What a refused list, watch or write says about the kind itself; null: something else is wrong. */
export function absenceOf(error: unknown): Absence | null {
  if (!(error instanceof KubernetesError)) return null
  // 405: its CRD is being removed, and nothing is created any more.
  if (error.status === 404 || error.status === 405) return 'NotInstalled'
  return error.status === 403 ? 'Forbidden' : null
}

/** The resource version is older than what the API server remembers: 410, as a status or inside a watch. */
export function isExpired(error: unknown): boolean {
  return error instanceof KubernetesError && (error.status === 410 || error.reason === 'Expired')
}

/** The API server understood the request and will not carry it out: repeating it at once would not help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof KubernetesError && error.status >= 400 && error.status < 500 && error.status !== 429
}

/** The part of a metav1.Status that is looked at. */
interface StatusBody {
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly reason?: string }[] }
}

/** The body of a refusal is a metav1.Status; anything else (a proxy's page) is told by its beginning. */
export function errorFromBody(request: string, status: number, body: string): KubernetesError {
  try {
    const { reason, message, details } = JSON.parse(body) as StatusBody
    const cause = details?.causes?.[0]?.reason
    return new KubernetesError(request, status, reason ?? 'Unknown', message ?? body.slice(0, 200), cause)
  } catch {
    return new KubernetesError(request, status, 'Unknown', body.slice(0, 200))
  }
}
