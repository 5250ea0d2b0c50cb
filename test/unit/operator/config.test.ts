import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseOperatorConfig } from '../../../operator/config.ts'

describe('operator configuration', () => {
  it('needs the image alone', () => {
    const parsed = parseOperatorConfig({ API_IMAGE: 'selfrag-api:1' })
    expect(parsed.ok && parsed.config).to.include({ API_IMAGE: 'selfrag-api:1', LEADER_ELECT: true, LEASE_SECONDS: 15 })
    expect(parsed.ok && parsed.config.METRICS_BIND).to.deep.equal({ host: '0.0.0.0', port: 8080 })
    expect(parsed.ok && parsed.config.WATCH_NAMESPACES).to.deep.equal([])
  })

  it('reads lists and addresses, and takes empty for unset', () => {
    const parsed = parseOperatorConfig({
      API_IMAGE: 'x',
      WATCH_NAMESPACES: 'a, b,',
      METRICS_BIND: '[::1]:9090',
      LOG_LEVEL: '',
    })
    expect(parsed.ok && parsed.config).to.deep.include({ WATCH_NAMESPACES: ['a', 'b'], METRICS_BIND: { host: '::1', port: 9090 }, LOG_LEVEL: 'info' }) // prettier-ignore
  })

  it('takes a dry run from the command line, and no other option', () => {
    const env = { API_IMAGE: 'x', DRY_RUN: 'false' }
    const parsed = [[], ['--dry-run']].map(args => parseOperatorConfig(env, args))
    expect(parsed.map(result => result.ok && result.config.DRY_RUN)).to.deep.equal([false, true])
    expect(parseOperatorConfig(env, ['--dryrun'])).to.deep.equal({ ok: false, faults: ['--dryrun: is no option; the only one is --dry-run'] }) // prettier-ignore
  })

  it('names every fault with its value', () => {
    const parsed = parseOperatorConfig({
      LEADER_ELECT: 'maybe',
      WORKERS: '0',
      METRICS_BIND: 'nowhere',
      RESYNC_SECONDS: '1m',
    })
    expect(parsed.ok || parsed.faults).to.deep.equal([
      'API_IMAGE: must be set',
      'LEADER_ELECT: must be true or false (got "maybe")',
      'METRICS_BIND: must be host:port, such as :8080 (got "nowhere")',
      'RESYNC_SECONDS: must be a whole number of seconds (got "1m")',
      'WORKERS: Too small: expected number to be >=1 (got "0")',
    ])
  })
})
