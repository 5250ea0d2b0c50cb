import { expect } from 'chai'
import { describe, it } from 'mocha'
import { absenceOf, KubernetesError } from '../../../operator/runtime/kubernetes-error.ts'
import { hasApplied } from '../../../operator/runtime/server-side-apply.ts'

describe('what a refused request says about its kind', () => {
  const cases: [status: number, absence: string | null][] = [
    [404, 'NotInstalled'],
    [405, 'NotInstalled'],
    [403, 'Forbidden'],
    [401, null],
    [409, null],
    [410, null],
    [429, null],
    [500, null],
  ]
  for (const [status, absence] of cases) {
    it(`${status}: ${absence ?? 'nothing'}`, () => {
      expect(absenceOf(new KubernetesError('GET /x', status, 'X', 'x'))).to.equal(absence)
    })
  }

  it('a broken connection says nothing', () => {
    expect(absenceOf(new Error('ECONNRESET'))).to.equal(null)
  })
})

describe('whether a manager has applied a field', () => {
  const live = (...managedFields: object[]) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api', managedFields },
  })
  const fieldsV1 = { 'f:spec': { 'f:replicas': {} } }
  const path = ['spec', 'replicas']

  it('is so when it stands among its fields', () => {
    expect(hasApplied(live({ manager: 'us', operation: 'Apply', fieldsV1 }), 'us', path)).to.equal(true)
  })

  it('is not so for another field, another manager, or one that only wrote it', () => {
    expect(hasApplied(live({ manager: 'us', operation: 'Apply', fieldsV1: { 'f:spec': {} } }), 'us', path)).to.equal(false) // prettier-ignore
    expect(hasApplied(live({ manager: 'them', operation: 'Apply', fieldsV1 }), 'us', path)).to.equal(false)
    expect(hasApplied(live({ manager: 'us', operation: 'Update', fieldsV1 }), 'us', path)).to.equal(false)
    expect(hasApplied(live(), 'us', path)).to.equal(false)
  })
})
