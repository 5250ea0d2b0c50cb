import { registerHooks, type ResolveHookSync } from 'node:module'
import type { KubeConfig } from '@kubernetes/client-node'

const LIBRARY = '@kubernetes/client-node/dist'

/**
 * The kubeconfig that the environment names, or the service account of the pod. Of the library only what reads it is loaded:
 * its classes for every kind of every API, of which this operator uses none, would take a third of the process's memory.
 * What the kubeconfig cannot do without them is `makeApiClient`.
 */
export async function loadKubeConfig(): Promise<KubeConfig> {
  const hooks = registerHooks({ resolve: withoutApiClasses })
  try {
    const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js')
    const config = new KubeConfig()
    config.loadFromDefault()
    return config
  } finally {
    hooks.deregister()
  }
}

/** config.js wants two names of the index of all classes; here they come from the files that define them. */
const withoutApiClasses: ResolveHookSync = (specifier, context, next) => {
  if (specifier !== './gen/index.js' || context.parentURL !== import.meta.resolve(`${LIBRARY}/config.js`))
    return next(specifier, context)
  const from = (file: string) => JSON.stringify(import.meta.resolve(`${LIBRARY}/gen/${file}`))
  const source = `export { createConfiguration } from ${from('configuration.js')}; export { ServerConfiguration } from ${from('servers.js')}`
  return { url: `data:text/javascript,${encodeURIComponent(source)}`, format: 'module', shortCircuit: true }
}
