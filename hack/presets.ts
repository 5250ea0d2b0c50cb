/** How a stack on one host is sized for a number of requests at the same time. */
export interface Preset {
  readonly load: string
  readonly variables: Readonly<Record<PresetVariable, string>>
}

type PresetVariable =
  | 'API_REPLICAS'
  | 'API_PORTS'
  | 'WORKER_REPLICAS'
  | 'WORKER_CONCURRENCY'
  | 'API_MEMORY'
  | 'DB_POOL_SIZE'
  | 'DB_MAX_OVERFLOW'
  | 'POSTGRES_MAX_CONNECTIONS'
  | 'POSTGRES_SHARED_BUFFERS'

/**
 * A Node process uses one core for requests, so what servers of other languages call workers are replicas here. Each has a
 * pool of its own: together with the workers' they must stay below what Postgres allows (test/integration/compose.test.ts).
 */
export const presets = {
  small: { load: 'fewer than 50', variables: sizes({ api: 2, worker: 1, jobs: 2, memory: '1G', pool: 10, overflow: 10, connections: 100, buffers: '256MB' }) },
  medium: { load: '50 to 200', variables: sizes({ api: 4, worker: 1, jobs: 4, memory: '1G', pool: 15, overflow: 10, connections: 150, buffers: '512MB' }) },
  large: { load: '200 to 500', variables: sizes({ api: 8, worker: 2, jobs: 4, memory: '1G', pool: 20, overflow: 10, connections: 350, buffers: '1GB' }) },
  huge: { load: 'more than 500', variables: sizes({ api: 16, worker: 4, jobs: 4, memory: '1G', pool: 25, overflow: 5, connections: 650, buffers: '2GB' }) },
} as const satisfies Record<string, Preset> // prettier-ignore

interface Sizes {
  readonly api: number
  readonly worker: number
  readonly jobs: number
  readonly memory: string
  readonly pool: number
  readonly overflow: number
  readonly connections: number
  readonly buffers: string
}

function sizes({ api, worker, jobs, memory, pool, overflow, connections, buffers }: Sizes): Preset['variables'] {
  return {
    API_REPLICAS: String(api),
    API_PORTS: `8020-${8020 + api - 1}`,
    WORKER_REPLICAS: String(worker),
    WORKER_CONCURRENCY: String(jobs),
    API_MEMORY: memory,
    DB_POOL_SIZE: String(pool),
    DB_MAX_OVERFLOW: String(overflow),
    POSTGRES_MAX_CONNECTIONS: String(connections),
    POSTGRES_SHARED_BUFFERS: buffers,
  }
}
