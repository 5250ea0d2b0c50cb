import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { eventually } from '../support/eventually.ts'
import { helm } from '../support/helm.ts'
import { type ClientPod, clientPod } from './support/client-pod.ts'
import { covers } from './support/coverage.ts'
import { DEMO_DATABASE, demo } from './support/demo.ts'
import { kubectl, list } from './support/kubectl.ts'
import { OPERATOR_NAMESPACE, operatorLogs, RELEASE } from './support/operator.ts'
import { type Stores, stores } from './support/stores.ts'

/** The last one: what it leaves is looked at by nobody. */
describe('an uninstall', () => {
  it('leaves no object behind and keeps the data', async function () {
    this.timeout(240_000)
    await demo()
    const servers = await stores()
    const before = await dataOf(servers, await clientPod())
    expect(before.documents).to.be.above(0)
    expect(before.points).to.be.above(0)

    for (const kind of ['ragtenants', 'ragpipelines'])
      await kubectl(['delete', kind, '--all', '--all-namespaces', '--timeout=90s'])
    await eventually(
      async () => expect(namesOf(await list(MADE, undefined, 'app.kubernetes.io/managed-by=selfrag-operator'))).to.deep.equal([]), // prettier-ignore
      60_000,
      1000,
    )
    const logs = await operatorLogs()
    expect(
      logs.split('\n').filter(line => /forbidden/i.test(line)),
      'rights that were missing',
    ).to.deep.equal([])

    await helm('uninstall', RELEASE, '--namespace', OPERATOR_NAMESPACE, '--wait')
    await eventually(
      async () => expect(namesOf(await list(`${MADE},${INSTALLED}`, undefined, `app.kubernetes.io/instance=${RELEASE}`))).to.deep.equal([]), // prettier-ignore
      60_000,
      1000,
    )
    await kubectl(['delete', 'crd', 'ragpipelines.selfrag.io', 'ragtenants.selfrag.io', '--timeout=60s'])

    expect(await dataOf(servers, await clientPod())).to.deep.equal(before)
    covers('uninstall')
  })
})

/** Kinds that the operator makes, and those that the chart makes besides. */
const MADE = 'deployments,services,configmaps,secrets,serviceaccounts,horizontalpodautoscalers,poddisruptionbudgets,networkpolicies,ingresses,jobs,cronjobs,pods' // prettier-ignore
const INSTALLED = 'clusterroles,clusterrolebindings,roles,rolebindings,leases'

function namesOf(objects: readonly KubernetesObject[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
}

async function dataOf(servers: Stores, client: ClientPod) {
  const documents = await servers.sql(DEMO_DATABASE, 'SELECT count(*) FROM tenant_acme.documents')
  const collection = `${servers.qdrantUrl}/collections/${DEMO_DATABASE}_shared/points/count`
  const { body } = await client.request({ url: collection, headers: { 'api-key': servers.qdrantApiKey }, body: { exact: true } }) // prettier-ignore
  return { documents: Number(documents[0]), points: body.result.count as number }
}
