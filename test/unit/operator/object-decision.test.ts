import { expect } from 'chai'
import { describe, it } from 'mocha'
import { APPLIED_ANNOTATION, appliedHashes, decideObject, type ObjectPolicy } from '../../../operator/plan/object-decision.ts' // prettier-ignore
import { decideAdminToken } from '../../../operator/plan/admin-token-decision.ts'
import { adminTokenSecret } from '../../../operator/desired/admin-token.ts'
import { type KubernetesObject, type OwnerReference } from '../../../operator/runtime/kubernetes-object.ts'
import { appliedHash } from '../../../operator/runtime/server-side-apply.ts'
import { pipeline } from '../../support/pipelines.ts'

const owner: OwnerReference = { apiVersion: 'selfrag.io/v1alpha1', kind: 'RagPipeline', name: 'demo', uid: 'u1', controller: true } // prettier-ignore
const wanted = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'demo', namespace: 'n', ownerReferences: [owner] },
  data: { A: '1' },
}
const hash = appliedHash(wanted)
const live = (changes: object = {}, metadata: object = {}) => ({
  ...wanted,
  metadata: { ...wanted.metadata, annotations: { [APPLIED_ANNOTATION]: hash }, uid: 'x', ...metadata },
  ...changes,
})
const before = appliedHashes([{ kind: 'ConfigMap', name: 'demo', hash }])
const outdated = appliedHashes([{ kind: 'ConfigMap', name: 'demo', hash: 'of-an-older-spec' }])
const none = appliedHashes(undefined)
const policy = (drift: ObjectPolicy['drift'], applied: ObjectPolicy['applied'], adopt = false) => ({ drift, applied, adopt }) // prettier-ignore

describe('what is done about one object', () => {
  const cases: [
    what: string,
    found: KubernetesObject | null,
    applied: ObjectPolicy['applied'],
    action: string,
    drift: string[],
  ][] = [
    ['is as it should be', live(), before, 'none', []],
    ['was never made', null, none, 'create', []],
    ['was deleted', null, before, 'restore', ['existence']],
    ['was deleted, and is wanted otherwise by now', null, outdated, 'restore', ['existence']],
    ['is wanted otherwise by now', live({}, { annotations: { [APPLIED_ANNOTATION]: 'old' } }), outdated, 'update', []],
    ['was applied before the status recorded it', live(), none, 'none', []],
    ['is wanted otherwise, and the status has no record', live({}, { annotations: { [APPLIED_ANNOTATION]: 'old' } }), none, 'update', []], // prettier-ignore
    ['was changed', live({ data: { A: '2' } }), before, 'repair', ['data.A']],
    ['lost a field', live({ data: {} }), before, 'repair', ['data.A']],
    ['was changed together with its annotation', live({ data: { A: '2' } }, { annotations: { [APPLIED_ANNOTATION]: 'forged' } }), before, 'repair', [`metadata.annotations.${APPLIED_ANNOTATION}`, 'data.A']], // prettier-ignore
    ['lost its owner reference', live({}, { ownerReferences: undefined }), before, 'repair', ['metadata.ownerReferences']], // prettier-ignore
    ['has more than is wanted', live({ data: { A: '1', B: '2' } }), before, 'none', []],
  ]
  for (const [what, found, applied, action, fields] of cases)
    for (const drift of ['Enforce', 'Warn', 'Ignore'] as const)
      it(`that ${what}, under ${drift}`, () => {
        const decision = decideObject(wanted, found, policy(drift, applied))
        expect(decision).to.include({ action, obstacle: null, leave: fields.length > 0 && drift !== 'Enforce' })
        expect(decision.drift.map(({ field }) => field).sort()).to.deep.equal([...fields].sort())
      })

  it('that is somebody else’s is left alone, also one that bears no record of ours and has our name', () => {
    const foreign = { ...owner, uid: 'u2', name: 'other' }
    for (const found of [
      live({}, { ownerReferences: [foreign] }),
      live({}, { ownerReferences: [], annotations: {} }),
    ]) {
      const { obstacle, action, recorded } = decideObject(wanted, found, policy('Enforce', before))
      expect(obstacle).to.include({ reason: 'Conflict' })
      expect({ action, recorded }).to.deep.equal({ action: 'none', recorded: null })
    }
  })

  it('tells nothing of what a Secret holds', () => {
    const secret = { ...wanted, kind: 'Secret', data: { A: 'c2VjcmV0' } }
    const applied = appliedHashes([{ kind: 'Secret', name: 'demo', hash: appliedHash(secret) }])
    const { drift } = decideObject(secret, live({ kind: 'Secret', data: { A: 'Y2hhbmdlZA==' } }), policy('Warn', applied)) // prettier-ignore
    expect(drift.map(({ field }) => field)).to.include('data.A')
    expect(JSON.stringify(drift)).not.to.match(/c2VjcmV0|Y2hhbmdlZA/)
  })
})

describe('what is done about the admin token', () => {
  const secret = adminTokenSecret(pipeline(), '')
  const made = appliedHashes([{ kind: 'Secret', name: secret.metadata.name, hash: 'minted' }])
  const withToken = (token?: string) => ({ ...secret, data: token ? { token } : {} })

  for (const drift of ['Enforce', 'Warn', 'Ignore'] as const) {
    const leave = drift !== 'Enforce'
    it(`under ${drift}`, () => {
      expect(decideAdminToken(secret, withToken('x'), policy(drift, made))).to.include({ action: 'none', leave: false })
      expect(decideAdminToken(secret, null, policy(drift, none))).to.include({ action: 'create', leave: false })
      expect(decideAdminToken(secret, null, policy(drift, made))).to.include({ action: 'restore', leave })
      expect(decideAdminToken(secret, withToken(), policy(drift, made))).to.include({ action: 'repair', leave })
    })
  }
})
