import { type LiveJob, type LivePod } from '../observe/jobs.ts'

/** How a Job is doing, in words. */
export type JobOutcome =
  /** `message`: what keeps it, or why its last attempt failed; null when nothing is known. `stuck`: no pod can start. */
  | { readonly state: 'running'; readonly message: string | null; readonly stuck: boolean }
  | { readonly state: 'succeeded'; readonly at: Date }
  /** `message` is null when its pods are gone. */
  | { readonly state: 'failed'; readonly message: string | null; readonly reason: string }

/** Pure. */
export function jobOutcome(job: LiveJob, pods: readonly LivePod[]): JobOutcome {
  const holding = (type: string) => job.status?.conditions?.find(one => one.type === type && one.status === 'True')
  const complete = holding('Complete')
  if (complete) return { state: 'succeeded', at: new Date(job.status?.completionTime ?? complete.lastTransitionTime ?? 0) }
  const failed = holding('Failed')
  const said = lastWords(pods)
  if (failed) return { state: 'failed', message: said, reason: tidy(failed.message ?? failed.reason ?? 'it failed') }
  const stuck = whatKeeps(pods)
  return { state: 'running', message: stuck ?? said, stuck: stuck !== null }
} // prettier-ignore

/** Of the pod that failed last. */
function lastWords(pods: readonly LivePod[]): string | null {
  const ended = statesOf(pods).flatMap(({ terminated }) =>
    terminated && terminated.exitCode !== 0 ? [terminated] : [],
  )
  const last = ended.sort((a, b) => ((a.finishedAt ?? '') < (b.finishedAt ?? '') ? -1 : 1)).at(-1)
  if (!last) return null
  const words = tidy(last.message ?? '')
  return words || `it ended with ${last.exitCode}${last.reason ? ` (${last.reason})` : ''} and left no message`
}

/** Reasons of pods that wait for something which does not come by itself. */
const hopeless: Readonly<Record<string, string>> = {
  ErrImagePull: 'its image cannot be pulled',
  ImagePullBackOff: 'its image cannot be pulled',
  InvalidImageName: 'the name of its image is none',
  CreateContainerConfigError: 'its container cannot be configured',
  CreateContainerError: 'its container cannot be made',
}

function whatKeeps(pods: readonly LivePod[]): string | null {
  const reasons = statesOf(pods).map(({ waiting }) => hopeless[waiting?.reason ?? ''])
  return reasons.find(reason => reason !== undefined) ?? null
}

function statesOf(pods: readonly LivePod[]) {
  return pods.flatMap(({ status }) => (status?.containerStatuses ?? []).flatMap(({ state }) => (state ? [state] : [])))
}

const LONGEST = 1000

/** A message of a program, fit for a condition: one line, of bounded length, without what may be a secret. Pure. */
export function tidy(message: string): string {
  const line = message
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/(\w+:\/\/)[^\s/@]*@/g, '$1…@')
    .replace(/kb_sk_[\w-]+/g, 'kb_sk_…')
    .replace(/\b(password|passwd|secret|token|api[_-]?key)(["']?\s*[:=]\s*["']?)[^\s"',;]+/gi, '$1$2…')
    .trim()
  return line.length <= LONGEST ? line : `…${line.slice(-LONGEST)}`
}
