import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Migration } from '../../../api/stores/postgres/migrations/migration.ts'
import { compareSchema, isUsable, levelOf } from '../../../api/stores/postgres/schema-state.ts'

const nothing = async () => undefined
const migrations = (...named: [name: string, release: string][]): Migration[] =>
  named.map(([name, release]) => ({ name, release, up: nothing, down: nothing }))

/** Three releases of one product: what each knows. 0.10 is newer than 0.9. */
const old = migrations(['001', '0.8'])
const middle = migrations(['001', '0.8'], ['002', '0.9'])
const young = migrations(['001', '0.8'], ['002', '0.9'], ['003', '0.10'], ['004', '0.10'])
const namesOf = (known: readonly Migration[]) => known.map(({ name }) => name)

describe('schema-state', () => {
  const cases: [what: string, applied: string[] | null, known: Migration[], by: Migration[], state: string, usable: boolean][] = [
    ['its own schema', namesOf(middle), middle, middle, 'current', true],
    ['no schema', null, young, young, 'behind', false],
    ['an empty schema', [], young, young, 'behind', false],
    ['a schema one release older', namesOf(middle), young, middle, 'behind', true],
    ['a schema in the middle of a release', [...namesOf(middle), '003'], young, middle, 'behind', true],
    ['a schema two releases older', namesOf(old), young, old, 'behind', false],
    ['a schema one release newer', namesOf(young), middle, young, 'ahead', true],
    ['a schema two releases newer', namesOf(young), old, young, 'newer', false],
  ] // prettier-ignore
  for (const [what, applied, known, by, state, usable] of cases)
    it(`of ${what} is ${state}, and ${usable ? 'can' : 'cannot'} be worked with`, () => {
      const found = compareSchema({ applied }, known, levelOf(by, []).schemas.control)
      expect(found.state).to.equal(state)
      expect(isUsable(found)).to.equal(usable)
    })

  it('is newer when nobody has recorded with whom it works', () => {
    expect(compareSchema({ applied: namesOf(young) }, middle, undefined)).to.deep.equal({ state: 'newer', unknown: ['003', '004'] }) // prettier-ignore
  })

  it('is newer when nobody vouches for what is in it', () => {
    const stray = { applied: [...namesOf(middle), '999-stray'] }
    expect(compareSchema(stray, middle, levelOf(middle, []).schemas.control).state).to.equal('newer')
  })

  it('asks of programs what the release before the newest had, whichever schema the newest changed', () => {
    expect(levelOf(young, middle)).to.deep.equal({
      tenant: ['001', '002'],
      schemas: {
        control: { known: ['001', '002', '003', '004'], floor: ['001', '002'] },
        tenant: { known: ['001', '002'], floor: ['001', '002'] },
      },
    })
    expect(levelOf(old, old).schemas.control.floor).to.deep.equal([])
  })
})
