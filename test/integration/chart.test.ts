import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type V1Deployment } from '@kubernetes/client-node'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { parse } from 'yaml'
import { operatorConfigSchema, parseOperatorConfig } from '../../operator/config.ts'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { chart, helm, renderChart, type Rendering } from '../support/helm.ts'
import { orSkip } from '../support/missing-part.ts'
import { toolPath } from '../support/tool.ts'

const root = join(import.meta.dirname, '../..')

describe('the Helm chart', () => {
  before(async function () {
    this.timeout(900_000)
    await orSkip(this, toolPath('helm'))
  })

  it('passes helm lint, warnings included', async () => {
    expect(await helm('lint', chart, '--strict', '--kube-version', '1.35.0')).to.contain('0 chart(s) failed')
  })

  it('installs the CRDs as they are in crds/, kept when it is uninstalled', async () => {
    const rendered = of(await renderChart(), 'CustomResourceDefinition')
    expect(rendered).to.have.length(2)
    for (const { metadata, ...crd } of rendered) {
      const plural = metadata.name.split('.')[0]
      const file = join(root, `crds/selfrag.io_${plural}.yaml`)
      const { metadata: own, ...wanted } = parse(await readFile(file, 'utf8')) as KubernetesObject
      expect(crd).to.deep.equal(wanted)
      expect(metadata).to.deep.equal({ ...own, annotations: { 'helm.sh/resource-policy': 'keep' } })
    }
    const [unkept] = of(await renderChart({ values: ['crds.keep=false'] }), 'CustomResourceDefinition')
    expect(unkept?.metadata).not.to.have.property('annotations')
    expect(of(await renderChart({ values: ['crds.install=false'] }), 'CustomResourceDefinition')).to.deep.equal([])
  })

  it('gives the operator an environment that it takes, values included', async () => {
    const values = ['watchNamespaces={a,b}', 'logLevel=debug', 'workers=5', 'resyncSeconds=60', 'dryRun=true', 'leaderElection.leaseSeconds=30', 'shutdownGraceSeconds=40', 'apiImage=api:1'] // prettier-ignore
    const deployment = one<V1Deployment>(await renderChart({ values }), 'Deployment')
    const pod = deployment.spec!.template.spec!
    const env = pod.containers[0]!.env!
    expect(Object.keys(operatorConfigSchema.shape)).to.include.members(env.map(({ name }) => name))
    const result = parseOperatorConfig(
      Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'from-the-pod'])),
    )
    if (!result.ok) throw new Error(result.faults.join('\n'))
    expect(result.config).to.deep.include({
      API_IMAGE: 'api:1',
      WATCH_NAMESPACES: ['a', 'b'],
      LOG_LEVEL: 'debug',
      WORKERS: 5,
      RESYNC_SECONDS: 60,
      DRY_RUN: true,
      LEADER_ELECT: true,
      LEASE_SECONDS: 30,
    })
    expect(pod.containers[0]!.ports?.map(({ containerPort }) => containerPort)).to.deep.equal([result.config.METRICS_BIND.port]) // prettier-ignore
    expect(pod.terminationGracePeriodSeconds).to.be.above(result.config.SHUTDOWN_GRACE_SECONDS)
  })

  const refusals: { what: string; rendering: Rendering; says: string }[] = [
    { what: 'a value that it does not know', rendering: { values: ['replica=2'] }, says: "additional properties 'replica' not allowed" }, // prettier-ignore
    { what: 'a value of the wrong type', rendering: { values: ['replicas=two'] }, says: 'replicas' },
    { what: 'two replicas without an election', rendering: { values: ['leaderElection.enabled=false'] }, says: 'set replicas to 1' }, // prettier-ignore
    { what: 'a sample without stores', rendering: { values: ['sample.enabled=true'] }, says: 'needs stores.enabled' },
    { what: 'a sample before its CRDs', rendering: { values: ['sample.enabled=true', 'stores.enabled=true'] }, says: 'needs the CRDs to be there before' }, // prettier-ignore
    { what: 'a ServiceMonitor without its Service', rendering: { values: ['metrics.serviceMonitor.enabled=true', 'metrics.service=false'] }, says: 'needs metrics.service' }, // prettier-ignore
  ]
  for (const { what, rendering, says } of refusals)
    it(`refuses ${what}`, async () => {
      const answer = await renderChart(rendering).then(
        () => 'taken',
        (error: Error) => error.message,
      )
      expect(answer).to.contain(says)
    })
})

function of(objects: readonly KubernetesObject[], kind: string): KubernetesObject[] {
  return objects.filter(object => object.kind === kind)
}

function one<T>(objects: readonly KubernetesObject[], kind: string): T {
  const found = of(objects, kind)
  expect(found, kind).to.have.length(1)
  return found[0] as T
}
