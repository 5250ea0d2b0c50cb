import { pino } from 'pino'
import { logOptions } from '../api/contract/log-format.ts'
import { parseOperatorConfig } from './config.ts'
import { openStores } from './connections.ts'
import { runOperator } from './operator.ts'
import { loadKubeConfig } from './runtime/kube-config.ts'
import { kubeTransport } from './runtime/kubernetes-transport.ts'
import { systemTimers } from './runtime/timers.ts'

const parsed = parseOperatorConfig(process.env, process.argv.slice(2))
if (!parsed.ok) {
  process.stderr.write(
    `the operator cannot start as it was started:\n${parsed.faults.map(fault => `  ${fault}\n`).join('')}`,
  )
  process.exit(2)
}
const { config } = parsed
const log = pino(logOptions('selfrag.operator', config.LOG_LEVEL))

try {
  const operator = await runOperator({
    config,
    transport: kubeTransport(await loadKubeConfig(), 'selfrag-operator'),
    openStores,
    timers: systemTimers,
    now: () => new Date(),
    random: Math.random,
    log,
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping')
      void operator.stop()
    })
  }
  await operator.ended
  log.info({}, 'stopped')
} catch (error) {
  log.fatal({ err: error }, 'the operator cannot run')
  process.exitCode = 1
}
