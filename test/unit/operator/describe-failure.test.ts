import { expect } from 'chai'
import { describe, it } from 'mocha'
import { describeFailure } from '../../../operator/plan/describe-failure.ts'
import { errorFromBody } from '../../../operator/runtime/kubernetes-error.ts'

const refusal = (status: number, body: object) => errorFromBody('POST /api/v1/secrets', status, JSON.stringify(body))

describe('the description of an unforeseen failure', () => {
  it('repeats what the API server says when it refuses', () => {
    const { reason, message } = describeFailure(refusal(403, { reason: 'Forbidden', message: 'admission webhook "x" denied the request: no team label' })) // prettier-ignore
    expect(reason).to.equal('Refused')
    expect(message).to.contain('the API server refused POST /api/v1/secrets: 403').and.contain('no team label')
  })

  it('knows a namespace that is being terminated', () => {
    const details = { causes: [{ reason: 'NamespaceTerminating', message: 'being terminated', field: 'metadata.namespace' }] } // prettier-ignore
    expect(describeFailure(refusal(403, { reason: 'Forbidden', details })).reason).to.equal('NamespaceTerminating')
  })

  it('takes an overload and a fault of the server for no refusal', () => {
    for (const status of [429, 500, 503])
      expect(describeFailure(refusal(status, { reason: 'Busy' })).reason).to.equal('ReconcileFailed')
    expect(describeFailure(new TypeError('x is not a function')).message).to.equal('x is not a function; it is tried again by itself') // prettier-ignore
  })
})
