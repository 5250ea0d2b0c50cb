import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiException, ApiextensionsV1Api, CustomObjectsApi, loadYaml, PatchStrategy, setHeaderOptions, type KubeConfig, type V1CustomResourceDefinition, type V1JSONSchemaProps } from '@kubernetes/client-node' // prettier-ignore
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseAllDocuments } from 'yaml'
import { GROUP, VERSION } from '../../crds/definition.ts'
import { parseResource } from '../../crds/parse-resource.ts'
import { installCrds, makeNamespace } from '../support/cluster-objects.ts'
import { kubeApiServer } from '../support/kube-apiserver.ts'
import { orSkip } from '../support/missing-part.ts'
import { pipelineManifest, tenantManifest, type Manifest } from '../support/sample-resources.ts'
import { wrongResources } from '../support/wrong-resources.ts'

const plurals = { RagPipeline: 'ragpipelines', RagTenant: 'ragtenants' } as const
const samples = join(import.meta.dirname, '../../config/samples')

describe('custom resource definitions on a real API server', () => {
  let config: KubeConfig
  let namespace: string
  let api: CustomObjectsApi

  before(async function () {
    this.timeout(900_000)
    config = (await orSkip(this, kubeApiServer())).kubeConfig()
    await installCrds(config)
    namespace = await makeNamespace(config, 'crds')
    api = config.makeApiClient(CustomObjectsApi)
  })

  /** As kubectl does it: strict field validation; nothing is stored. */
  const place = (manifest: Manifest) => ({
    group: GROUP,
    version: VERSION,
    namespace,
    plural: plurals[manifest.kind],
    fieldValidation: 'Strict',
  })
  const tryCreate = async (manifest: Manifest) =>
    (await api.createNamespacedCustomObject({ ...place(manifest), body: manifest, dryRun: 'All' })) as Manifest
  const create = async (manifest: Manifest) =>
    (await api.createNamespacedCustomObject({ ...place(manifest), body: manifest })) as Manifest

  for (const name of Object.values(plurals)) {
    it(`serves ${name} with a structural schema in which every field is described`, async () => {
      const crd = await config
        .makeApiClient(ApiextensionsV1Api)
        .readCustomResourceDefinition({ name: `${name}.${GROUP}` })
      const conditions = Object.fromEntries((crd.status?.conditions ?? []).map(({ type, status }) => [type, status]))
      expect(conditions).to.include({ Established: 'True', NamesAccepted: 'True' })
      expect(conditions['NonStructuralSchema'] ?? 'False').to.equal('False')
      const schema = crd.spec.versions[0]?.schema?.openAPIV3Schema
      expect(undescribed(schema!, '')).to.deep.equal([])
    })

    it(`stores ${name} as the generated file has it`, async () => {
      const stored = await config
        .makeApiClient(ApiextensionsV1Api)
        .readCustomResourceDefinition({ name: `${name}.${GROUP}` })
      const file = join(import.meta.dirname, '../../crds', `${GROUP}_${name}.yaml`)
      const generated = loadYaml<V1CustomResourceDefinition>(await readFile(file, 'utf8'))
      // Nothing that the generator wrote was dropped or changed on the way in.
      expect(plain(stored.spec.versions[0]?.schema?.openAPIV3Schema?.properties?.['spec'])).to.deep.equal(
        plain(generated.spec.versions[0]?.schema?.openAPIV3Schema?.properties?.['spec']),
      )
    })
  }

  it('is found by short name and category, as kubectl looks for it', async () => {
    const { resources } = await config
      .makeApiClient(CustomObjectsApi)
      .getAPIResources({ group: GROUP, version: VERSION })
    const found = resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ kind, shortNames, categories, namespaced }) => ({ kind, shortNames, categories, namespaced }))
    expect(plain(found)).to.have.deep.members([
      { kind: 'RagPipeline', shortNames: ['ragp'], categories: ['selfrag', 'all'], namespaced: true },
      { kind: 'RagTenant', shortNames: ['ragt'], categories: ['selfrag', 'all'], namespaced: true },
    ])
    expect(resources.map(({ name }) => name)).to.include.members(['ragpipelines/status', 'ragtenants/status'])
  })

  for (const file of ['pipeline.yaml', 'tenant.yaml']) {
    it(`takes the sample ${file}, and fills in the same defaults as parseResource`, async () => {
      for (const document of parseAllDocuments(await readFile(join(samples, file), 'utf8'))) {
        const manifest = document.toJS() as Manifest
        const stored = await tryCreate(manifest)
        expect(stored.spec).to.deep.equal(plain(parseResource(manifest).spec))
      }
    })
  }

  it('fills in the same defaults as parseResource where nothing is said', async () => {
    for (const manifest of [pipelineManifest(), tenantManifest()]) {
      expect((await tryCreate(manifest)).spec).to.deep.equal(plain(parseResource(manifest).spec))
    }
    const { spec } = await tryCreate(pipelineManifest())
    expect(spec).to.deep.include({ driftPolicy: 'Enforce', deletionPolicy: 'Retain', suspend: false, logLevel: 'info' })
  })

  for (const { what, manifest, refusal } of wrongResources) {
    it(`refuses ${what}`, async () => {
      expect(await refusalOf(tryCreate(manifest))).to.include(refusal)
    })
  }

  const changes: { what: string; before: Manifest; spec: object; refusal: string }[] = [
    {
      what: "the tenant's pipeline",
      before: tenantManifest({}, 'moves'),
      spec: { pipelineRef: { name: 'other' } },
      refusal: 'a tenant cannot be moved to another pipeline',
    },
    {
      what: "the pipeline's vector engine",
      before: pipelineManifest({}, 'engine'),
      spec: { vectors: { engine: 'pgvector', url: null } },
      refusal: 'the engine cannot be changed',
    },
    {
      what: 'the collection prefix',
      before: pipelineManifest({ vectors: { url: 'http://q:6333', collectionPrefix: 'kb' } }, 'prefix'),
      spec: { vectors: { collectionPrefix: 'other' } },
      refusal: 'collectionPrefix cannot be changed',
    },
    {
      what: 'a collection prefix that was left out',
      before: pipelineManifest({}, 'noprefix'),
      spec: { vectors: { collectionPrefix: 'late' } },
      refusal: 'collectionPrefix cannot be changed',
    },
    {
      what: 'the database',
      before: pipelineManifest({ postgres: { host: 'pg', credentialsSecretRef: { name: 'x' } } }, 'database'),
      spec: { postgres: { database: 'other' } },
      refusal: 'the database of a pipeline cannot be changed',
    },
  ]
  for (const { what, before, spec, refusal } of changes) {
    it(`refuses to change ${what}`, async () => {
      await create(before)
      const patch = mergePatch(before, spec)
      expect(await refusalOf(patch)).to.include(refusal)
    })
  }

  it('lets an embedding model change: that is a new generation', async () => {
    const pipeline = pipelineManifest({}, 'model')
    await create(pipeline)
    const models = { embedding: { provider: 'openai', model: 'text-embedding-3-small', dimension: 1536 } }
    expect(((await mergePatch(pipeline, { models })) as Manifest).spec['models']).to.deep.include({
      embedding: { provider: 'openai', model: 'text-embedding-3-small', dimension: 1536, batchSize: 32 },
    })
  })

  it('shows what an operator wants to see, the rest with -o wide', async () => {
    const asTable = setHeaderOptions('Accept', 'application/json;as=Table;v=v1;g=meta.k8s.io')
    const columns = async (plural: string) => {
      const request = { group: GROUP, version: VERSION, namespace, plural }
      const table = (await api.listNamespacedCustomObject(request, asTable)) as { columnDefinitions: { name: string; priority: number }[] } // prettier-ignore
      return table.columnDefinitions.map(({ name, priority }) => (priority === 0 ? name : `(${name})`)).join(' ')
    }
    expect(await columns('ragpipelines')).to.equal('Name Ready Reason URL Tenants Age (Engine) (Model) (Fingerprint) (Plan) (Collection) (External URL) (Message)') // prettier-ignore
    expect(await columns('ragtenants')).to.equal('Name Ready Reason Pipeline Documents Age (Schema) (Collection) (Chunks) (Plan) (StorageMb) (Message)') // prettier-ignore
  })

  it('keeps status apart from spec', async () => {
    const pipeline = pipelineManifest({}, 'status')
    await create({ ...pipeline, status: { url: 'http://made-up' } } as Manifest)
    const read = { ...place(pipeline), name: 'status' }
    expect(await api.getNamespacedCustomObject(read)).not.to.have.property('status')
    const condition = { type: 'Ready', status: 'True', reason: 'Ok', message: '', lastTransitionTime: new Date().toISOString() } // prettier-ignore
    const patched = (await api.patchNamespacedCustomObjectStatus(
      { ...read, body: { status: { tenants: 2, conditions: [condition] }, spec: { suspend: true } } },
      asMergePatch,
    )) as Manifest & { status: object }
    expect(patched.spec).to.have.property('suspend', false)
    expect(patched.status).to.have.property('tenants', 2)
  })

  const mergePatch = (manifest: Manifest, spec: object) =>
    api.patchNamespacedCustomObject({ ...place(manifest), name: manifest.metadata.name, body: { spec } }, asMergePatch)
})

const asMergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)

/** What the API server answered; fails when it took the resource. */
async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
  } catch (error) {
    if (!(error instanceof ApiException)) throw error
    return (JSON.parse(error.body as string) as { message: string }).message
  }
  throw new Error('the API server took it')
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Paths of fields without a description. */
function undescribed(schema: V1JSONSchemaProps, path: string): string[] {
  const own = schema.description || path === '.metadata' ? [] : [path || '(root)']
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => undescribed(child, `${path}.${name}`)) // prettier-ignore
  const items = schema.items ? undescribed(schema.items as V1JSONSchemaProps, `${path}[]`) : []
  return [...own, ...children, ...items]
}
