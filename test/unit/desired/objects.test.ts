import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { RagPipeline } from '../../../crds/rag-pipeline.ts'
import { adminTokenSecret } from '../../../operator/desired/admin-token.ts'
import { apiDeployment } from '../../../operator/desired/deployment-api.ts'
import { workerDeployment } from '../../../operator/desired/deployment-worker.ts'
import { desiredObjects } from '../../../operator/desired/index.ts'
import { apiUrl } from '../../../operator/desired/names.ts'
import { referencedSecrets } from '../../../operator/desired/referenced-secrets.ts'
import type { Service } from '../../../operator/desired/service.ts'
import { maximalSpec, pipeline } from '../../support/pipelines.ts'

const context = { image: 'selfrag-api:test', secretsChecksum: 'abc', addresses: [] }
const podOf = (from: RagPipeline, with_ = context) => apiDeployment(from, with_).spec.template
const annotationsOf = (from: RagPipeline, with_ = context) => podOf(from, with_).metadata?.annotations

describe('the Kubernetes objects of a pipeline', () => {
  it('come in the order in which pods need them', () => {
    const kinds = desiredObjects(pipeline(), context).map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    expect(kinds).to.deep.equal([
      'ServiceAccount/demo',
      'ConfigMap/demo-config',
      'Service/demo-api',
      'PodDisruptionBudget/demo-worker',
      'PodDisruptionBudget/demo-api',
      'Deployment/demo-worker',
      'Deployment/demo-api',
    ])
  })

  it('are the same for the same pipeline, and depend on nothing else', () => {
    const [first, second] = [pipeline(maximalSpec), pipeline(maximalSpec)]
    expect(JSON.stringify(desiredObjects(first, context))).to.equal(JSON.stringify(desiredObjects(second, context)))
  })

  it('belong to the pipeline, which Kubernetes deletes them with', () => {
    for (const { metadata } of [...desiredObjects(pipeline(), context), adminTokenSecret(pipeline(), 't')]) {
      expect(metadata.namespace).to.equal('rag')
      expect(metadata.ownerReferences).to.deep.equal([
        {
          apiVersion: 'selfrag.io/v1alpha1',
          kind: 'RagPipeline',
          name: 'demo',
          uid: 'uid-1',
          controller: true,
          blockOwnerDeletion: true,
        },
      ])
      expect(metadata.labels).to.include({
        'app.kubernetes.io/instance': 'demo',
        'app.kubernetes.io/managed-by': 'selfrag-operator',
      })
    }
  })

  it('cannot be made of a resource that never came from an API server', () => {
    const { metadata, ...rest } = pipeline()
    const { uid: _, ...withoutUid } = metadata
    expect(() => desiredObjects({ ...rest, metadata: withoutUid }, context)).to.throw('RagPipeline demo has no uid')
  })

  it('select pods that exist, and only those of their component', () => {
    const service = desiredObjects(pipeline(maximalSpec), context).find(({ kind }) => kind === 'Service') as Service
    const labels = (deployment: ReturnType<typeof apiDeployment>) => deployment.spec.template.metadata?.labels
    const api = apiDeployment(pipeline(maximalSpec), context)
    const worker = workerDeployment(pipeline(maximalSpec), context)
    expect(labels(api)).to.include(service.spec.selector).and.to.include(api.spec.selector.matchLabels)
    expect(labels(worker)).to.include(worker.spec.selector.matchLabels).and.not.to.include(service.spec.selector)
    expect(apiUrl(pipeline())).to.equal('http://demo-api.rag.svc:8020')
  })

  it('keep the selector when users label the pods', () => {
    const podTemplate = { labels: { 'app.kubernetes.io/instance': 'mine', team: 'search' } }
    const deployment = apiDeployment(pipeline({ api: { podTemplate } }), context)
    expect(deployment.spec.template.metadata?.labels).to.include({
      ...deployment.spec.selector.matchLabels,
      team: 'search',
    })
  })

  it('are admitted by the restricted Pod Security Standard', () => {
    for (const make of [apiDeployment, workerDeployment]) {
      const spec = make(pipeline(maximalSpec), context).spec.template.spec
      expect(spec?.securityContext).to.deep.include({ runAsNonRoot: true, runAsUser: 10_001 })
      expect(spec?.securityContext?.seccompProfile).to.deep.equal({ type: 'RuntimeDefault' })
      expect(spec?.automountServiceAccountToken).to.equal(false)
      for (const container of spec?.containers ?? []) {
        expect(container.securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
      }
      expect(spec?.volumes?.every(volume => volume.emptyDir)).to.equal(true)
    }
  })

  it('leave the number of pods to an autoscaler', () => {
    expect(apiDeployment(pipeline({ api: { replicas: 3 } }), context).spec).to.have.property('replicas', 3)
    const autoscaled = pipeline({ api: { replicas: 3, autoscaling: { maxReplicas: 5 } } })
    expect(apiDeployment(autoscaled, context).spec).not.to.have.property('replicas')
    expect(workerDeployment(pipeline({ worker: { replicas: 0 } }), context).spec).to.have.property('replicas', 0)
  })

  it('roll the pods when the configuration or a Secret changes, and only then', () => {
    const before = annotationsOf(pipeline())
    expect(annotationsOf(pipeline({ retrieval: { topK: 6 } }))).not.to.deep.equal(before)
    expect(annotationsOf(pipeline(), { ...context, secretsChecksum: 'def' })).not.to.deep.equal(before)
    expect(annotationsOf(pipeline({ driftPolicy: 'Warn', deletionPolicy: 'Delete' }))).to.deep.equal(before)
  })

  it("take the operator's image where the pipeline names none", () => {
    expect(podOf(pipeline()).spec?.containers[0]?.image).to.equal('selfrag-api:test')
    expect(podOf(pipeline({ image: 'mine:1' })).spec?.containers[0]?.image).to.equal('mine:1')
  })

  it('give the program the time that it was told to take for ending', () => {
    const grace = (from: RagPipeline) =>
      workerDeployment(from, context).spec.template.spec?.terminationGracePeriodSeconds
    expect(grace(pipeline())).to.equal(30)
    expect(grace(pipeline(maximalSpec))).to.equal(100)
  })

  it('hold no empty list or map, which the API server would drop and drift would report', () => {
    const empty = (value: unknown, path: string): string[] => {
      if (value === null || typeof value !== 'object') return value === undefined || value === '' ? [path] : []
      const entries = Object.entries(value)
      // `emptyDir: {}` is a choice, not an absence, and a selector `{}` selects all.
      if (entries.length === 0) return /\.(emptyDir|podSelector|namespaceSelector)$/.test(path) ? [] : [path]
      return entries.flatMap(([key, inner]) => empty(inner, `${path}.${key}`))
    }
    const env = [{ name: 'HTTPS_PROXY', value: '' }]
    for (const spec of [{}, { api: { env } }, { networkPolicy: { enabled: true } }, { ...maximalSpec, api: {} }]) {
      for (const object of desiredObjects(pipeline(spec), context)) {
        expect(empty(JSON.parse(JSON.stringify(object)), object.kind)).to.deep.equal([])
      }
    }
  })

  it('keep secrets out of everything but the admin token', () => {
    const text = JSON.stringify(desiredObjects(pipeline(maximalSpec), context))
    expect(text).not.to.match(/p4ss|0123456789/)
    const { data } = adminTokenSecret(pipeline(), 'a-token')
    expect(Buffer.from(data['token'] ?? '', 'base64').toString()).to.equal('a-token')
  })
})

describe('the Secrets that pods need', () => {
  it('are the ones that fields and env refer to, with their keys, without the one that the operator makes', () => {
    expect(referencedSecrets(pipeline())).to.deep.equal([{ name: 'demo-postgres', keys: ['url'] }])
    expect(referencedSecrets(pipeline(maximalSpec))).to.deep.equal([
      { name: 'models', keys: ['embedding', 'llm', 'reranker'] },
      { name: 'openai', keys: ['token'] },
      { name: 'pg', keys: ['pass', 'user'] },
      { name: 'qdrant', keys: ['api-key'] },
      { name: 'redis', keys: ['url'] },
    ])
  })

  it('do not include optional ones', () => {
    const valueFrom = { secretKeyRef: { name: 'maybe', key: 'x', optional: true } }
    const withOptional = pipeline({ worker: { env: [{ name: 'A', valueFrom }] } })
    expect(referencedSecrets(withOptional).map(({ name }) => name)).to.deep.equal(['demo-postgres'])
  })
})
