import { orSkip } from '../../support/missing-part.ts'
import { cluster } from './cluster.ts'
import { coverageList } from './coverage.ts'
import { kubectl } from './kubectl.ts'
import { installOperator, operatorLogs } from './operator.ts'

/** Loaded by `npm run test:e2e`: the cluster and the operator before the first test, and what helps when one fails. */
export const mochaHooks = {
  async beforeAll(this: Mocha.Context) {
    this.timeout(0)
    await orSkip(this, cluster())
    await installOperator()
  },
  async afterEach(this: Mocha.Context) {
    if (this.currentTest?.state === 'failed') console.log(await situation())
  },
  afterAll() {
    console.log(coverageList())
  },
}

async function situation(): Promise<string> {
  const parts = [
    kubectl(['get', 'pods,ragpipelines,ragtenants', '--all-namespaces', '-o', 'wide']),
    kubectl(['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp']).then(lastLines),
    operatorLogs(15),
  ]
  const texts = await Promise.all(parts.map(part => part.catch((error: unknown) => String(error))))
  return texts.join('\n')
}

function lastLines(text: string): string {
  return text.split('\n').slice(-25).join('\n')
}
