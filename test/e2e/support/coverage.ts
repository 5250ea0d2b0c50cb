/** What the end-to-end run has to show on a real cluster, each with the tests that show it. Add yours here. */
const items = {
  install:
    'Helm installs the operator; it runs with the rendered rights only, in a namespace that admits restricted pods',
  samples: 'the samples become Ready, and kubectl shows what a person wants to know',
  pods: 'API and worker pods: no root, a file system that cannot be written, no service account token',
  data: "ingest, retrieve and answer through the Service from inside the cluster, with the keys of the tenant's Secrets",
  'rolling-config': 'a changed configuration rolls the pods without a lost request',
  'rolling-image': 'a new image rolls the pods without a lost request',
  'rolling-scale': 'scaling up and down loses no request',
  'rolling-kill': 'a deleted pod loses no request; those in flight are answered',
  'drift-cluster': 'what somebody changes or deletes in the cluster is repaired at once, and told in an Event',
  'drift-postgres': 'an index and a role changed in Postgres are told under Warn and repaired under Enforce',
  plan: 'a plan shows a change before it is made, and nothing is done until the annotation goes',
  uninstall: 'an uninstall leaves no object behind and keeps the data',
} as const

export type CoverageItem = keyof typeof items

const shown = new Set<CoverageItem>()

/** Said at the end of a test: everything that the item promises has been seen. */
export function covers(...names: CoverageItem[]): void {
  for (const name of names) shown.add(name)
}

export function coverageList(): string {
  const lines = Object.entries(items).map(([name, what]) => `  [${shown.has(name as CoverageItem) ? 'x' : ' '}] ${name}: ${what}`) // prettier-ignore
  return `\n  covered:\n${lines.join('\n')}\n`
}
