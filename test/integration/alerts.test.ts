import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { parse } from 'yaml'
import { orSkip } from '../support/missing-part.ts'
import { runTool, toolPath } from '../support/tool.ts'

const root = join(import.meta.dirname, '../..')
const rules = join(root, 'charts/selfrag/files/alerts.yaml')
const cases = join(root, 'test/fixtures/alerts/alerts.test.yaml')

interface Alert {
  readonly alert: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string }
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[]
  }[]
}

describe('the alerts', () => {
  let alerts: Alert[]
  let expectations: { alertname: string; exp_alerts: readonly object[] }[]

  before(async function () {
    this.timeout(120_000)
    await orSkip(this, toolPath('promtool'))
    const { groups } = parse(await readFile(rules, 'utf8')) as { groups: { rules: Alert[] }[] }
    alerts = groups.flatMap(group => group.rules)
    const { tests } = parse(await readFile(cases, 'utf8')) as RuleTests
    expectations = tests.flatMap(test => test.alert_rule_test)
  })

  it('are rules that Prometheus takes', async () => {
    expect(await runTool('promtool', ['check', 'rules', rules])).to.contain(`SUCCESS: ${alerts.length} rules found`)
  })

  it('fire when they should, and only then', async () => {
    expect(await runTool('promtool', ['test', 'rules', cases])).to.contain('SUCCESS')
  })

  it('are each shown to fire and shown to be silent', () => {
    const told = (fires: boolean) => new Set(expectations.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname)) // prettier-ignore
    const names = alerts.map(({ alert }) => alert)
    expect([...told(true)]).to.have.members(names)
    expect([...told(false)]).to.have.members(names)
  })

  it('have a severity, say what is so, and have a section in the runbooks that says what to do', async () => {
    const page = await readFile(join(root, 'docs/operations/runbooks.md'), 'utf8')
    const sections = new Map(page.split(/^## /m).slice(1).map(section => [section.split('\n')[0]?.toLowerCase(), section])) // prettier-ignore
    for (const { alert, labels, annotations } of alerts) {
      expect(labels.severity, alert).to.be.oneOf(['critical', 'warning'])
      expect(annotations.summary, alert).to.match(/\S/)
      expect(annotations.description, alert).to.match(/\.$/)
      expect(annotations.runbook).to.equal(`docs/operations/runbooks.md#${alert.toLowerCase()}`)
      expect(sections.get(alert.toLowerCase()), `section of ${alert}`).to.match(/\*\*Means\*\*[^]+\*\*Do\*\*/)
    }
    expect(sections.size, 'no section of an alert that is not there').to.equal(alerts.length)
  })
})
