import { expect } from 'chai'
import { describe, it } from 'mocha'
import { isolationDue } from '../../../operator/plan/isolation-due.ts'

const now = new Date('2026-06-01T12:00:00Z')
const DAY = 86_400_000

const tenant = (verifiedAt: string | undefined, condition: object | null = {}) =>
  ({
    metadata: { generation: 3 },
    status: {
      conditions: condition ? [{ type: 'IsolationVerified', status: 'True', observedGeneration: 3, ...condition }] : [],
      ...(verifiedAt === undefined ? {} : { isolationVerifiedAt: verifiedAt }),
    },
  }) as unknown as Parameters<typeof isolationDue>[0]

describe('isolationDue', () => {
  const cases: [what: string, tenant: Parameters<typeof isolationDue>[0], due: boolean][] = [
    ['a tenant without a status', { metadata: { generation: 1 } } as never, true],
    ['one that was never tried', tenant(undefined, null), true],
    ['one that was tried an hour ago', tenant('2026-06-01T11:00:00Z'), false],
    ['one that was tried just now', tenant('2026-06-01T12:00:00Z'), false],
    ['one that was tried a day ago', tenant('2026-05-31T12:00:00Z'), true],
    ['one whose proof failed', tenant('2026-06-01T11:00:00Z', { status: 'False' }), true],
    ['one that was not looked at meanwhile', tenant('2026-06-01T11:00:00Z', { status: 'Unknown' }), true],
    ['one that has changed since', tenant('2026-06-01T11:00:00Z', { observedGeneration: 2 }), true],
    ['a condition without a time', tenant(undefined), true],
    ['a time that is still to come, as after a clock was set back', tenant('2026-06-02T12:00:00Z'), true],
    ['a time that is none', tenant('yesterday'), true],
  ]
  for (const [what, given, due] of cases)
    it(`${due ? 'wants' : 'does not want'} another try for ${what}`, () => {
      expect(isolationDue(given, now, DAY)).to.equal(due)
    })
})
