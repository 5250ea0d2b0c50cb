import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { V1Deployment } from '@kubernetes/client-node'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parse } from 'yaml'
import { operatorConfigSchema, parseOperatorConfig } from '../../operator/config.ts'

describe('the Deployment of the operator in config/manager', () => {
  const read = async () => {
    const text = await readFile(join(import.meta.dirname, '../../config/manager/manager.yaml'), 'utf8')
    return (parse(text) as V1Deployment).spec!.template.spec!
  }

  it('sets only variables that the operator reads, and all that it needs', async () => {
    const env = (await read()).containers[0]!.env!
    expect(Object.keys(operatorConfigSchema.shape)).to.include.members(env.map(({ name }) => name))
    const result = parseOperatorConfig(
      Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'from-the-pod'])),
    )
    expect(result).to.have.property('ok', true)
  })

  it('probes the port that the operator serves, and lets it end in time', async () => {
    const pod = await read()
    const result = parseOperatorConfig({ API_IMAGE: 'x' })
    if (!result.ok) throw new Error(result.faults.join())
    expect(pod.containers[0]!.ports?.map(({ containerPort }) => containerPort)).to.deep.equal([
      result.config.METRICS_BIND.port,
    ])
    expect(pod.terminationGracePeriodSeconds).to.be.above(result.config.SHUTDOWN_GRACE_SECONDS)
  })
})
