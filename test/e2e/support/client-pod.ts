import { cluster } from './cluster.ts'
import { apply, kubectl, startKubectl, waitFor } from './kubectl.ts'

/** A pod inside the cluster that does HTTP for the tests, as an application would. */
export interface ClientPod {
  request(request: ClientRequest): Promise<ClientAnswer>
  /** Runs a function inside the pod, with what JSON can carry. It can use nothing from around it but globals and `import()`. */
  run<A, R>(work: (argument: A) => Promise<R>, argument: A): Promise<R>
  /** The same for work that goes on until it is told to end: its standard input ends then. */
  start<A, R>(work: (argument: A) => Promise<R>, argument: A): Promise<{ end(): Promise<R> }>
}

export interface ClientRequest {
  readonly url: string
  readonly method?: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

export interface ClientAnswer {
  readonly status: number
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers field by field
  readonly body: any
}

const NAMESPACE = 'clients'
let opened: Promise<ClientPod> | undefined

export function clientPod(): Promise<ClientPod> {
  return (opened ??= start())
}

async function start(): Promise<ClientPod> {
  const { images } = await cluster()
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, pod(images.api))
  await waitFor('condition=Ready', 'pod/client', NAMESPACE)
  const inPod = (work: (argument: never) => unknown, argument: unknown) => ['exec', '--stdin', '--namespace', NAMESPACE, 'client', '--', 'node', '-e', script(work, argument)] // prettier-ignore
  return {
    request: request => run(sendRequest, request),
    run,
    async start(work, argument) {
      const running = await startKubectl(inPod(work, argument))
      return {
        async end() {
          running.end()
          return parse(await running.result)
        },
      }
    },
  }
  async function run<A, R>(work: (argument: A) => Promise<R>, argument: A): Promise<R> {
    return parse<R>(await kubectl(inPod(work, argument)))
  }
}

/** The source of `work` has no types any more: Node took them out when it loaded the file. */
function script(work: (argument: never) => unknown, argument: unknown): string {
  return `(${work.toString()})(${JSON.stringify(argument)}).then(result => console.log(JSON.stringify(result ?? null)))`
}

function parse<R>(output: string): R {
  return JSON.parse(output) as R
}

async function sendRequest({ url, method, key, headers, body }: ClientRequest): Promise<ClientAnswer> {
  const response = await fetch(url, {
    method: method ?? (body ? 'POST' : 'GET'),
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) as unknown }
  } catch {
    return { status: response.status, body: text }
  }
}

function pod(image: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'client', namespace: NAMESPACE },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'client', image, command: ['node', '-e', 'setInterval(() => undefined, 1 << 30)'] }],
    },
  }
}
