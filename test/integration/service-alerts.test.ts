import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { parse } from 'yaml'
import { orSkip } from '../support/missing-part.ts'
import { runTool, toolPath } from '../support/tool.ts'

const root = join(import.meta.dirname, '../..')
const rules = join(root, 'config/prometheus/alerts.yaml')
const cases = join(root, 'test/fixtures/alerts/service-alerts.test.yaml')

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly annotations: { readonly runbook: string } }[] }[] // prettier-ignore
}

interface Cases {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[]
  }[]
}

describe('config/prometheus', () => {
  let alerts: { alert: string; annotations: { runbook: string } }[]

  before(async function () {
    this.timeout(120_000)
    await orSkip(this, toolPath('promtool'))
    alerts = (parse(await readFile(rules, 'utf8')) as Rules).groups.flatMap(group => group.rules)
  })

  it('is a configuration with rules that Prometheus takes', async () => {
    const told = await runTool('promtool', ['check', 'config', join(root, 'config/prometheus/prometheus.yml')])
    expect(told).to.contain(`SUCCESS: ${alerts.length} rules found`)
  })

  it('has alerts that fire when they should, and only then', async () => {
    expect(await runTool('promtool', ['test', 'rules', cases])).to.contain('SUCCESS')
  })

  it('shows each to fire and to be silent, and says what to do', async () => {
    const told = (parse(await readFile(cases, 'utf8')) as Cases).tests.flatMap(test => test.alert_rule_test)
    const names = alerts.map(({ alert }) => alert)
    for (const fires of [true, false])
      expect(told.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname)).to.have.members(names) // prettier-ignore
    const page = await readFile(join(root, 'docs/operations/monitoring.md'), 'utf8')
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook).to.equal(`docs/operations/monitoring.md#${alert.toLowerCase()}`)
      expect(page, alert).to.match(new RegExp(`^## ${alert}$[^#]+\\*\\*Do\\*\\*`, 'm'))
    }
  })
})
