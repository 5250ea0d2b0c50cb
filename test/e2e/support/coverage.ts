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
  'tenant-isolation': 'each tenant is shown to be refused by its neighbours, in SQL and among the vectors',
  'tenant-limits': 'suspension and quotas of a tenant are in force within seconds',
  'tenant-keys': 'keys are rotated by annotation with an overlap; a lost one is minted again, and the old one dies',
  'tenant-namespaces': 'a tenant of another namespace is let in, cut off and let in again, with the same key',
  'deletion-protection': 'what is protected is refused at the API server, tenant and pipeline alike',
  'deletion-retain': 'Retain keeps data, refuses the keys, and the same resource takes it up again',
  'deletion-snapshot': 'Snapshot keeps data apart with a receipt, and the tenant comes back from it',
  'deletion-erasure': 'Delete erases rows, points and snapshots, with a receipt in an Event and in the audit log',
  'deletion-pipeline': 'a pipeline with tenants refuses to go, says which, and goes when they are gone',
  migration:
    'a migration that fails leaves the version before serving and says why; once it is corrected the image rolls',
  backup: 'the CronJob writes a backup into a volume',
  restore: 'a database that has lost its data is restored in the cluster, and answers as before',
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
