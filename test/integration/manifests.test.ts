import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { parse } from 'yaml'
import { parseConfiguration } from '../../api/contract/configuration.ts'
import { images } from '../../hack/images/programs.ts'
import { kustomization } from '../support/kustomize.ts'
import { orSkip } from '../support/missing-part.ts'

interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly envFrom?: readonly { readonly configMapRef?: { name: string }; readonly secretRef?: { name: string } }[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: Readonly<Record<string, unknown>>
}

/** What an API server says of them: test/envtest/chart.test.ts. Here, what they hand to the programs. */
describe('config/manifests', () => {
  const overlays: Record<string, Manifest[]> = {}

  before(async function () {
    this.timeout(300_000)
    for (const name of ['dev', 'prod'])
      overlays[name] = await orSkip(this, kustomization(`config/manifests/overlays/${name}`))
  })

  const named = (overlay: string, kind: string) => overlays[overlay]!.filter(object => object.kind === kind)

  it('configure the programs: development as it stands, production once its passwords are yours', () => {
    expect(configure('dev')).to.deep.equal([])
    const refused = configure('prod')
    expect(refused.map(line => line.split(':')[0])).to.have.members(['ADMIN_TOKEN', 'QDRANT_API_KEY', 'the password in DATABASE_URL', 'the password in REDIS_URL']) // prettier-ignore
    expect(configure('prod', text => text.replaceAll('change-me', 'b7f3a91c5d2e4f60'))).to.deep.equal([])
  })

  it('give every program what it reads, from the generated ConfigMap and Secret', () => {
    for (const overlay of ['dev', 'prod']) {
      const known = new Set([...named(overlay, 'ConfigMap'), ...named(overlay, 'Secret')].map(({ metadata }) => metadata.name)) // prettier-ignore
      const programs = containers(overlays[overlay]!).filter(({ image }) => image.includes('selfrag-api'))
      expect(programs.map(({ name }) => name)).to.have.members(['api', 'migrate', 'worker', 'migrate', 'backup', 'maintenance']) // prettier-ignore
      for (const { name, envFrom = [] } of programs) {
        const sources = envFrom.map(({ configMapRef, secretRef }) => (configMapRef ?? secretRef)!.name)
        expect(sources, name).to.have.length(2)
        for (const source of sources) expect(known, name).to.include(source)
      }
    }
  })

  it('start what the image has', () => {
    for (const { command, image } of containers(overlays['prod']!))
      if (image.includes('selfrag-api') && command![0] === 'node') expect(images.api.entries).to.include(command![1])
  })

  it('run production with three replicas that scale, and development with one that does not', () => {
    const replicas = (overlay: string) => named(overlay, 'Deployment').find(({ metadata }) => metadata.name === 'api')!.spec!['replicas'] // prettier-ignore
    expect([replicas('prod'), replicas('dev')]).to.deep.equal([3, 1])
    for (const kind of ['HorizontalPodAutoscaler', 'Ingress', 'PodDisruptionBudget']) {
      expect(named('prod', kind), kind).to.have.length(1)
      expect(named('dev', kind), kind).to.have.length(0)
    }
  })

  it('pin the images of the stores that the chart has', () => {
    const values = parse(readFileSync(join(import.meta.dirname, '../../charts/selfrag/values.yaml'), 'utf8')) as { stores: Record<string, { image: string }> } // prettier-ignore
    for (const { name, image } of containers(named('prod', 'StatefulSet')))
      expect(image).to.equal(values.stores[name]!.image)
  })

  it('keep every pod from what it has no business with', () => {
    const policies = named('prod', 'NetworkPolicy').map(({ metadata }) => metadata.name)
    expect(policies).to.have.members(['deny-all', 'api', 'worker', 'programs', 'postgres', 'qdrant', 'redis'])
  })

  /** Faults that the API would end with. */
  function configure(overlay: string, change = (text: string) => text): readonly string[] {
    const [config] = named(overlay, 'ConfigMap')
    const [secret] = named(overlay, 'Secret')
    const secrets = Object.entries(secret!.data!).map(([name, value]) => [name, change(Buffer.from(value, 'base64').toString())]) // prettier-ignore
    const parsed = parseConfiguration({ ...config!.data, ...(Object.fromEntries(secrets) as Record<string, string>) })
    return parsed.ok ? [] : parsed.faults
  }
})

function containers(objects: readonly Manifest[]): Container[] {
  const found: Container[] = []
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'containers' || key === 'initContainers') found.push(...(inner as Container[]))
      else visit(inner)
    }
  }
  objects.forEach(visit)
  return found
}
