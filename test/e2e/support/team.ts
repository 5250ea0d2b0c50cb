import { expect } from 'chai'
import { eventually } from '../../support/eventually.ts'
import { type ClientAnswer, type ClientPod, clientPod } from './client-pod.ts'
import { type Demo, demo } from './demo.ts'
import { apply, get, kubectl, patch, secretValues, waitFor } from './kubectl.ts'

export interface TeamWish {
  readonly name: string
  /** Beside the pipeline when there is none. */
  readonly namespace?: string
  readonly spec?: object
}

/** Within which a change of a tenant is in force: the API's five seconds, and the operator's own. */
const IN_FORCE_MS = 10_000

/** A tenant of the pipeline `demo` that one topic has for itself, with a knowledge base and an admin key. */
export class Team {
  readonly name: string
  readonly namespace: string
  readonly secret: string
  readonly #wish: TeamWish
  readonly #sample: Demo
  readonly #client: ClientPod

  private constructor(wish: TeamWish, sample: Demo, client: ClientPod) {
    this.name = wish.name
    this.namespace = wish.namespace ?? sample.namespace
    this.secret = `${wish.name}-key`
    this.#wish = wish
    this.#sample = sample
    this.#client = client
  }

  /** Says nothing to the cluster yet. */
  static async of(wish: TeamWish): Promise<Team> {
    return new Team(wish, await demo(), await clientPod())
  }

  /** Ready, beside the pipeline, with one document that can be found. */
  static async settled(name: string, content: string): Promise<Team> {
    const team = await Team.of({ name })
    await team.arrives()
    await team.ingest(content)
    return team
  }

  async apply(annotations: Readonly<Record<string, string>> = {}): Promise<void> {
    await apply({
      apiVersion: 'selfrag.io/v1alpha1',
      kind: 'RagTenant',
      metadata: { name: this.name, namespace: this.namespace, annotations },
      spec: {
        pipelineRef: { name: this.#sample.pipeline, namespace: this.#sample.namespace },
        knowledgeBases: [{ name: 'notes' }],
        apiKeys: [{ name: 'app', role: 'admin', secretName: this.secret, rotationOverlap: '1m' }],
        ...this.#wish.spec,
      },
    })
  }

  /** Applies it, and waits until it is Ready. */
  async arrives(annotations: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.apply(annotations)
    await waitFor('condition=Ready', `ragtenant/${this.name}`, this.namespace, 60)
  }

  change(spec: object): Promise<void> {
    return patch('ragtenant', this.name, this.namespace, { spec })
  }

  /** Deletes it as a person would, and waits until it is gone. */
  async leaves(): Promise<void> {
    await kubectl(['delete', 'ragtenant', this.name, '--namespace', this.namespace, '--timeout=90s'])
    expect(await get('ragtenant', this.name, this.namespace)).to.equal(null)
  }

  async key(): Promise<string> {
    return (await secretValues(this.secret, this.namespace))['api-key']!
  }

  async request(path: string, body?: object, key?: string): Promise<ClientAnswer> {
    const url = `${this.#sample.url}${path}`
    return this.#client.request({ url, key: key ?? (await this.key()), ...(body ? { body } : {}) })
  }

  /** What a key is answered. */
  async status(key: string): Promise<number> {
    return (await this.request('/v1/knowledge-bases', undefined, key)).status
  }

  /** A key is answered with `status` within the time that is promised. */
  async soon(key: string, status: number): Promise<void> {
    await eventually(async () => expect(await this.status(key)).to.equal(status), IN_FORCE_MS, 250)
  }

  async ingest(content: string): Promise<void> {
    const { body: bases } = await this.request('/v1/knowledge-bases')
    const taken = await this.request(`/v1/knowledge-bases/${bases.items[0].id}/documents`, { content })
    expect(taken.status, JSON.stringify(taken.body)).to.equal(202)
    await eventually(
      async () => expect((await this.request(`/v1/documents/${taken.body.document_id}`)).body.status).to.equal('ready'),
      60_000,
      500,
    )
  }

  /** The passages that are found for a question, as text. */
  async passages(query: string): Promise<string> {
    const { status, body } = await this.request('/v1/retrieve', { query })
    expect(status, JSON.stringify(body)).to.equal(200)
    return JSON.stringify(body.results)
  }
}
