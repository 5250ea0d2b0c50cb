import { expect } from 'chai'
import { describe, it } from 'mocha'
import { z } from 'zod'
import { listMap, withRule } from '../../crds/rule.ts'
import { structuralSchema } from '../../hack/generate/structural-schema.ts'

/** The schema of `spec.field` in a CRD made of this one field. */
function fieldSchema(field: z.ZodType) {
  const spec = z.strictObject({ field }).describe('Spec.')
  const status = z.strictObject({}).describe('Status.')
  const resource = z.strictObject({ apiVersion: z.literal('v1'), kind: z.literal('X'), metadata: z.looseObject({}), spec, status }) // prettier-ignore
  return structuralSchema(resource.describe('Resource.')).properties?.['spec']?.properties?.['field']
}

describe('the structural schema made of zod', () => {
  it('spells out the default of an object, which rules are checked against', () => {
    const inner = z.strictObject({ size: z.int().min(0).default(3).describe('Size.') }).prefault({})
    expect(
      fieldSchema(
        z
          .strictObject({ inner: inner.describe('Inner.') })
          .prefault({})
          .describe('Outer.'),
      ),
    ).to.deep.equal({
      description: 'Outer.',
      type: 'object',
      default: { inner: { size: 3 } },
      properties: {
        inner: {
          description: 'Inner.',
          type: 'object',
          default: { size: 3 },
          properties: { size: { description: 'Size.', type: 'integer', minimum: 0, default: 3 } },
        },
      },
    })
  })

  it('keeps rules through optional, default and description', () => {
    const ruled = withRule(z.string(), { cel: "self != ''", test: value => value !== '', message: 'must not be empty' })
    const again = withRule(ruled, { cel: "self != 'x'", test: value => value !== 'x', message: 'must not be x' })
    expect(fieldSchema(again.optional().describe('Text.'))?.['x-kubernetes-validations']).to.deep.equal([
      { rule: "self != ''", message: 'must not be empty' },
      { rule: "self != 'x'", message: 'must not be x' },
    ])
  })

  it('says by which field the items of a list are told apart', () => {
    const list = listMap(z.array(z.strictObject({ name: z.string().describe('Name.') }).describe('Item.')), 'name')
    expect(fieldSchema(list.default([]).describe('Items.'))).to.include({ 'x-kubernetes-list-type': 'map' })
  })

  it('refuses a field without a description, with its path', () => {
    const bare = z.strictObject({ inner: z.string() }).describe('Outer.')
    expect(() => fieldSchema(bare)).to.throw('.spec.field.inner: has no description')
  })

  it('refuses what a CRD cannot express, with its path', () => {
    expect(() => fieldSchema(z.tuple([z.string(), z.int()]).describe('Pair.'))).to.throw('.spec.field: a CRD has no keyword prefixItems') // prettier-ignore
    expect(() => fieldSchema(z.union([z.string(), z.strictObject({})]).describe('Either.'))).to.throw('.spec.field: has no type') // prettier-ignore
    expect(() => fieldSchema(z.date().describe('Moment.'))).to.throw('.spec.field: has no type')
  })
})
