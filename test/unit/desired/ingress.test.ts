import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ingress } from '../../../operator/desired/ingress.ts'
import { objectMetadata } from '../../../operator/desired/metadata.ts'
import { externalUrl } from '../../../operator/desired/names.ts'
import { pipeline } from '../../support/pipelines.ts'

const host = 'rag.example.org'
const withIngress = (fields: object = {}, rest: object = {}) =>
  pipeline({ ingress: { enabled: true, host, ...fields }, ...rest })
const annotationsOf = (of: ReturnType<typeof pipeline>) => ingress(of)?.metadata.annotations
const nginx = 'nginx.ingress.kubernetes.io'

describe('the Ingress', () => {
  it('is not there unless the spec asks for it', () => {
    expect(ingress(pipeline())).to.equal(null)
    expect(ingress(pipeline({ ingress: { enabled: false, host } }))).to.equal(null)
    expect(externalUrl(pipeline({ ingress: { enabled: false, host } }))).to.equal(null)
  })

  it('leads all of a host to the Service, with TLS, a certificate of cert-manager and the limits of the guide', () => {
    const of = withIngress({
      className: 'nginx',
      tls: { secretName: 'certificate', issuerRef: { name: 'letsencrypt' } },
      annotations: { 'example.org/team': 'search' },
    })
    expect(ingress(of)).to.deep.equal({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        ...objectMetadata(of, 'demo-api', 'api'),
        annotations: {
          'nginx.ingress.kubernetes.io/proxy-body-size': '50m',
          'nginx.ingress.kubernetes.io/proxy-read-timeout': '60',
          'nginx.ingress.kubernetes.io/proxy-send-timeout': '60',
          'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
          'nginx.ingress.kubernetes.io/ssl-redirect': 'true',
          'cert-manager.io/cluster-issuer': 'letsencrypt',
          'example.org/team': 'search',
        },
      },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: [host], secretName: 'certificate' }],
        rules: [
          {
            host,
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { service: { name: 'demo-api', port: { name: 'http' } } } },
              ],
            },
          },
        ],
      },
    })
    expect(externalUrl(of)).to.equal('https://rag.example.org')
  })

  it('is plain HTTP without tls', () => {
    expect(ingress(withIngress())?.spec).not.to.have.any.keys('tls', 'ingressClassName')
    expect(annotationsOf(withIngress())).not.to.have.property(`${nginx}/ssl-redirect`)
    expect(externalUrl(withIngress())).to.equal('http://rag.example.org')
  })

  it('names the Secret after the pipeline when the spec does not', () => {
    expect(ingress(withIngress({ tls: {} }))?.spec.tls).to.deep.equal([{ hosts: [host], secretName: 'demo-tls' }])
  })

  it('asks an issuer of the namespace when it is one', () => {
    const annotations = annotationsOf(withIngress({ tls: { issuerRef: { name: 'ca', kind: 'Issuer' } } }))
    expect(annotations).to.have.property('cert-manager.io/issuer', 'ca')
    expect(annotations).not.to.have.property('cert-manager.io/cluster-issuer')
  })

  it('takes bodies as large as the API does', () => {
    const env = [{ name: 'MAX_BODY_MB', value: '200' }]
    expect(annotationsOf(withIngress({}, { api: { env } }))).to.have.property(`${nginx}/proxy-body-size`, '200m')
  })

  it("lets the spec's annotations win", () => {
    const annotations = { [`${nginx}/proxy-read-timeout`]: '600' }
    expect(annotationsOf(withIngress({ annotations }))).to.include(annotations)
  })
})
