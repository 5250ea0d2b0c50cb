import { CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { type TestApiServer } from './kube-apiserver.ts'

/** A kubeconfig with the rights of a service account, by a token as pods get it. */
export async function asServiceAccount(server: TestApiServer, namespace: string, name: string): Promise<KubeConfig> {
  const admin = server.kubeConfig()
  const { status } = await admin.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    namespace,
    name,
    body: { spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 3600 } },
  })
  if (!status?.token) throw new Error(`the API server gave no token for ${namespace}/${name}`)
  const config = new KubeConfig()
  config.loadFromClusterAndUser(admin.getCurrentCluster()!, { name, token: status.token })
  return config
}
