import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { API_VERSION } from '../../crds/definition.ts'
import { kubeTransport, readBody } from '../../operator/runtime/kubernetes-transport.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld } from '../support/operator-world.ts'

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[]
  readonly rows: readonly { readonly cells: readonly unknown[] }[]
}

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
}

/** What kubectl asks the API server for, since there is no kubectl on every machine. */
describe('kubectl', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    // Counted when the tenant's schema is there, which is after the pipeline became ready.
    await eventually(async () => expect(await world.pipeline()).to.have.nested.property('status.tenants', 1))
  })

  after(async () => {
    await world?.dispose()
  })

  async function ask<T>(path: string, accept = 'application/json'): Promise<T> {
    const transport = kubeTransport(world.server.kubeConfig(), 'kubectl')
    const response = await transport({ method: 'GET', path, accept, silenceMs: 10_000 })
    const body = await readBody(response)
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${body}`)
    return JSON.parse(body) as T
  }

  /** The only row of `kubectl get PLURAL -o wide`, by column. */
  async function get(plural: string): Promise<Record<string, unknown>> {
    const path = `/apis/${API_VERSION}/namespaces/${world.namespace}/${plural}`
    const table = await ask<Table>(path, 'application/json;as=Table;v=v1;g=meta.k8s.io')
    expect(table.rows).to.have.length(1)
    return Object.fromEntries(table.columnDefinitions.map(({ name }, index) => [name, table.rows[0]?.cells[index]]))
  }

  it('get ragp fills every column of a reconciled pipeline', async () => {
    const { Age, Fingerprint, ...row } = await get('ragpipelines')
    expect(row).to.deep.equal({
      Name: 'demo',
      Ready: 'True',
      Reason: 'AsDesired',
      URL: `http://demo-api.${world.namespace}.svc:8020`,
      Tenants: 1,
      'External URL': null,
      Plan: null,
      Engine: 'qdrant',
      Model: 'bge-small-en-v1.5',
      Collection: `${world.prefix}_shared`,
      Message: `serves at http://demo-api.${world.namespace}.svc:8020`,
    })
    expect(Age).to.match(/^\d+s$/)
    expect(Fingerprint).to.match(/\w{8}/)
  })

  it('get ragt fills every column of a reconciled tenant', async () => {
    const { Age, ...row } = await get('ragtenants')
    expect(row).to.deep.equal({
      Name: 'acme',
      Ready: 'True',
      Reason: 'AsDesired',
      Pipeline: 'demo',
      Documents: 0,
      Schema: 'tenant_acme',
      Collection: `${world.prefix}_shared`,
      Chunks: 0,
      StorageMb: '0',
      Plan: null,
      Message: 'the tenant is provisioned; its keys work',
    })
    expect(Age).to.match(/^\d+s$/)
  })

  it('explain has something to say about every field', async () => {
    const { components } = await ask<{ components: { schemas: Record<string, Schema> } }>(`/openapi/v3/apis/${API_VERSION}`) // prettier-ignore
    for (const kind of ['RagPipeline', 'RagTenant']) {
      const schema = components.schemas[`io.selfrag.v1alpha1.${kind}`]
      expect(schema, kind).to.have.nested.property('properties.spec')
      expect(undescribed(schema!, kind)).to.deep.equal([])
    }
  })
})

/** Paths of fields that have no description of their own. */
function undescribed(schema: Schema, path: string): string[] {
  const { properties = {}, items, additionalProperties } = schema
  const children = Object.entries(properties).flatMap(([name, child]) => [
    ...(child.description ? [] : [`${path}.${name}`]),
    ...undescribed(child, `${path}.${name}`),
  ])
  const inner = [items, additionalProperties].filter(one => one !== undefined)
  return [...children, ...inner.flatMap(one => undescribed(one, `${path}[]`))]
}
