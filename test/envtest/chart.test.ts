import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { chartValueSets } from '../../hack/generate/chart-value-sets.ts'
import { installCrds } from '../support/cluster-objects.ts'
import { objectsOf, renderChart } from '../support/helm.ts'
import { kubeApiServer } from '../support/kube-apiserver.ts'
import { kustomization } from '../support/kustomize.ts'
import { type Applied, Manifests } from '../support/manifests.ts'
import { orSkip } from '../support/missing-part.ts'
import { installOtherCrds } from '../support/other-crds.ts'
import { toolPath } from '../support/tool.ts'

const root = join(import.meta.dirname, '../..')

/**
 * Every rendered object of every set of values goes to a real API server, as a dry run with strict validation: it knows each
 * field, default, immutable rule and CEL expression, and the Pod Security Standard of the namespace
 * (hack/adr/0022-manifests-are-checked-by-the-api-server.md).
 */
describe('manifests on a real API server', function () {
  this.timeout(60_000)
  let config: KubeConfig
  let manifests: Manifests

  before(async function () {
    this.timeout(900_000)
    config = (await orSkip(this, kubeApiServer())).kubeConfig()
    await orSkip(this, toolPath('helm'))
    // Where there is no kubectl, this builds kustomize.
    await orSkip(this, kustomization('config/crd'))
    await installCrds(config)
    manifests = new Manifests(config)
    await orSkip(this, installOtherCrds(manifests, 'prometheus'))
    await orSkip(this, installOtherCrds(manifests, 'argocd'))
    for (const name of ['selfrag-system', 'team-a', 'team-b', 'argocd', 'selfrag', 'selfrag-dev'])
      await makeRestrictedNamespace(config, name)
  })

  for (const [name, rendering] of Object.entries(chartValueSets))
    it(`takes the chart with the values "${name}"`, async () => {
      const objects = await renderChart(rendering)
      expect(await warningsAndFaults(objects)).to.deep.equal([])
    })

  for (const folder of [
    'crd',
    'manager',
    'namespaced',
    'stores',
    'monitoring',
    'samples',
    'argocd/platform',
    'manifests/overlays/dev',
    'manifests/overlays/prod',
  ])
    it(`takes config/${folder}`, async () => {
      expect(await warningsAndFaults(await kustomization(`config/${folder}`))).to.deep.equal([])
    })

  it('takes the Application and the ConfigMap of config/argocd', async () => {
    const files = ['application.yaml', 'argocd-cm.yaml'].map(file =>
      readFile(join(root, 'config/argocd', file), 'utf8'),
    )
    expect(await warningsAndFaults((await Promise.all(files)).flatMap(objectsOf))).to.deep.equal([])
  })

  it('would refuse the pods of a chart that were not restricted', async () => {
    const [deployment] = (await renderChart()).filter(({ kind }) => kind === 'Deployment')
    const changed = JSON.parse(JSON.stringify(deployment).replace('"runAsNonRoot":true', '"runAsNonRoot":false')) as KubernetesObject // prettier-ignore
    expect((await warningsAndFaults([changed])).join()).to.contain('would violate PodSecurity')
  })

  it('would refuse a field that does not exist', async () => {
    const [deployment] = (await renderChart()).filter(({ kind }) => kind === 'Deployment')
    const changed = JSON.parse(JSON.stringify(deployment).replace('"minReadySeconds"', '').replace('"selector"', '"minReadySecond":1,"selector"')) as KubernetesObject // prettier-ignore
    expect((await warningsAndFaults([changed])).join()).to.contain('minReadySecond')
  })

  async function warningsAndFaults(objects: readonly KubernetesObject[]): Promise<string[]> {
    expect(objects).not.to.deep.equal([])
    const answers = await Promise.all(objects.map(tell))
    return answers.flat()
  }

  async function tell(object: KubernetesObject): Promise<string[]> {
    const name = `${object.kind}/${object.metadata.name}`
    try {
      const { warnings }: Applied = await manifests.apply(object, { dryRun: true, force: true })
      return warnings.map(warning => `${name}: ${warning}`)
    } catch (error) {
      return [`${name}: ${(error as Error).message}`]
    }
  }
})

async function makeRestrictedNamespace(config: KubeConfig, name: string): Promise<void> {
  const levels = ['enforce', 'warn'].map(mode => [`pod-security.kubernetes.io/${mode}`, 'restricted'])
  await config
    .makeApiClient(CoreV1Api)
    .createNamespace({ body: { metadata: { name, labels: Object.fromEntries(levels) as Record<string, string> } } })
}
