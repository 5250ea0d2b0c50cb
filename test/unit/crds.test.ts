import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseAllDocuments } from 'yaml'
import { durationSeconds } from '../../crds/duration.ts'
import { InvalidResource, parseResource } from '../../crds/parse-resource.ts'
import { pipelineManifest } from '../support/sample-resources.ts'
import { wrongResources } from '../support/wrong-resources.ts'

function faultsOf(object: unknown): readonly string[] {
  try {
    parseResource(object)
  } catch (error) {
    if (error instanceof InvalidResource) return error.faults
    throw error
  }
  throw new Error('it was taken')
}

describe('parseResource, the check of YAML files', () => {
  for (const { what, manifest, refusal, fault = refusal } of wrongResources) {
    it(`refuses ${what}`, () => {
      expect(faultsOf(manifest).join('\n')).to.include(fault)
    })
  }

  it('names every fault, not only the first', () => {
    const faults = faultsOf(pipelineManifest({ replicas: 3, suspend: 1, logLevel: 'loud' }))
    expect(faults.map(fault => fault.split(':')[0])).to.have.members(['spec', 'spec.suspend', 'spec.logLevel'])
  })

  for (const [what, object] of Object.entries({
    nothing: null,
    'a text': 'x',
    'a Secret': { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } },
    'another version': { ...pipelineManifest(), apiVersion: 'selfrag.io/v2' },
  })) {
    it(`refuses ${what}, saying what it could be`, () => {
      expect(faultsOf(object).join()).to.include('must be selfrag.io/v1alpha1 and RagPipeline or RagTenant')
    })
  }

  it('names the resource in the message of the error', () => {
    expect(() => parseResource(pipelineManifest({ postgres: {} }))).to.throw(InvalidResource, /^RagPipeline demo is not valid:\n {2}spec\.postgres: set exactly one/) // prettier-ignore
  })

  it('takes the samples, which name what the README names', async () => {
    const read = async (file: string) =>
      parseAllDocuments(await readFile(join(import.meta.dirname, '../../config/samples', file), 'utf8')).map(document =>
        parseResource(document.toJS()),
      )
    const [pipeline] = await read('pipeline.yaml')
    const [tenant] = await read('tenant.yaml')
    if (pipeline?.kind !== 'RagPipeline' || tenant?.kind !== 'RagTenant') throw new Error('kinds are swapped')
    expect(pipeline.metadata.name).to.equal('demo')
    expect(tenant.metadata.name).to.equal('acme')
    expect(tenant.spec.pipelineRef.name).to.equal('demo')
    expect(tenant.spec.knowledgeBases.map(({ name }) => name)).to.deep.equal(['handbook'])
    expect(tenant.spec.apiKeys.map(({ name, role, knowledgeBases }) => [name, role, knowledgeBases])).to.deep.equal([
      ['admin', 'admin', undefined],
      ['reader', 'read', ['handbook']],
    ])
  })
})

describe('the generated CRDs', () => {
  for (const plural of ['ragpipelines', 'ragtenants'])
    it(`say something about every field, for kubectl explain: ${plural}`, async () => {
      const file = join(import.meta.dirname, `../../crds/selfrag.io_${plural}.yaml`)
      const [document] = parseAllDocuments(await readFile(file, 'utf8'))
      const crd = document?.toJS() as { spec: { versions: { schema: { openAPIV3Schema: Field } }[] } }
      const paths = fieldsOf(crd.spec.versions[0]!.schema.openAPIV3Schema, '')
      expect(paths.length).to.be.above(30)
      expect(paths.filter(([path, { description }]) => path !== '.metadata' && !/\S[.!]$|\S`$/.test(description ?? '')).map(([path]) => path)).to.deep.equal([]) // prettier-ignore
    })
})

interface Field {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Field>>
  readonly items?: Field
}

function fieldsOf(field: Field, path: string): [string, Field][] {
  const children = Object.entries(field.properties ?? {}).flatMap(([name, child]) => [
    [`${path}.${name}`, child] as [string, Field],
    ...fieldsOf(child, `${path}.${name}`),
  ])
  return [...children, ...(field.items ? fieldsOf(field.items, `${path}[]`) : [])]
}

describe('durations', () => {
  it('are minutes, hours or days', () => {
    expect(['90m', '720h', '30d'].map(durationSeconds)).to.deep.equal([5400, 2_592_000, 2_592_000])
    expect(() => durationSeconds('30')).to.throw(RangeError, '"30" is not a duration')
  })
})
