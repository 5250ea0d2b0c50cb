import { expect } from 'chai'
import { describe, it } from 'mocha'
import { differences } from '../../../operator/runtime/differences.ts'

const deployment = (container: object, extra: object = {}) => ({
  spec: { replicas: 2, template: { spec: { containers: [{ name: 'api', ...container }], ...extra } } },
})

describe('differences between what was applied and what is there', () => {
  it('sees none when the server added defaults and others their fields', () => {
    const wanted = deployment({ image: 'a:1', env: [{ name: 'PORT', value: '8020' }] })
    const live = {
      metadata: { uid: '1' },
      spec: {
        replicas: 2,
        strategy: { type: 'RollingUpdate' },
        template: {
          spec: {
            restartPolicy: 'Always',
            containers: [
              { name: 'sidecar', image: 'mesh:1' },
              { name: 'api', image: 'a:1', imagePullPolicy: 'IfNotPresent', env: [{ name: 'X', value: '1' }, { name: 'PORT', value: '8020' }] }, // prettier-ignore
            ],
          },
        },
      },
    }
    expect(differences(wanted, live)).to.deep.equal([])
  })

  it('tells the path, what was wanted and what is there', () => {
    expect(differences(deployment({ image: 'a:1' }), deployment({ image: 'evil:1' }))).to.deep.equal([
      { path: 'spec.template.spec.containers[api].image', wanted: 'a:1', found: 'evil:1' },
    ])
  })

  it('sees a variable, a container or a field that is missing', () => {
    const wanted = deployment({ env: [{ name: 'PORT', value: '8020' }] })
    expect(differences(wanted, deployment({ env: [] }))[0]?.path).to.equal(
      'spec.template.spec.containers[api].env[PORT]',
    )
    expect(differences(wanted, { spec: { replicas: 2, template: { spec: { containers: [] } } } })[0]?.path).to.equal(
      'spec.template.spec.containers[api]',
    )
    expect(differences({ a: 1 }, {})).to.deep.equal([{ path: 'a', wanted: 1, found: undefined }])
  })

  it('compares quantities by value', () => {
    const limits = (cpu: unknown, memory: unknown) => deployment({ resources: { limits: { cpu, memory } } })
    expect(differences(limits('1000m', '1024Mi'), limits('1', '1Gi'))).to.deep.equal([])
    expect(differences(limits(0.5, '1Gi'), limits('500m', '1Gi'))).to.deep.equal([])
    expect(differences(limits('1', '1Gi'), limits('2', '1Gi'))).to.have.length(1)
    expect(differences(limits('1', '1G'), limits('1', '1Gi'))).to.have.length(1)
  })

  it('takes what is empty and what is absent for the same', () => {
    expect(differences({ a: {}, b: [], c: false, d: { e: '' } }, {})).to.deep.equal([])
    expect(differences({ c: false }, { c: true })).to.have.length(1)
  })

  it('takes a list without keys as a whole', () => {
    expect(differences({ args: ['a', 'b'] }, { args: ['a', 'b'] })).to.deep.equal([])
    expect(differences({ args: ['a', 'b'] }, { args: ['a', 'b', 'c'] })).to.have.length(1)
    expect(differences({ args: ['a', 'b'] }, { args: ['b', 'a'] })).to.have.length(2)
  })

  it('takes ports of which two have one number, as in a NetworkPolicy, as a whole', () => {
    const dns = () => [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ]
    expect(differences({ ports: dns() }, { ports: dns() })).to.deep.equal([])
    expect(differences({ ports: dns() }, { ports: dns().slice(1) })).to.have.length(1)
  })

  it('finds ports by their number, also when others were added', () => {
    const wanted = { ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
    const live = { ports: [{ port: 90 }, { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] }
    expect(differences(wanted, live)).to.deep.equal([])
  })
})
