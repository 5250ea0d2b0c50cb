import { join } from 'node:path'
import { UnusableResources } from './standalone/apply-resources.ts'
import { greeting } from './standalone/greeting.ts'
import { HomeError } from './standalone/home.ts'
import { indexHandbook } from './standalone/index-handbook.ts'
import { PortError } from './standalone/port.ts'
import { readSettings } from './standalone/settings.ts'
import { type Standalone, startStandalone, WrongEnvironment } from './standalone/start.ts'
import { terminal as terminalOn } from './standalone/terminal.ts'

/** `npm start`: the whole product on one machine. */
async function main(): Promise<void> {
  const settings = readSettings(process.env, join(import.meta.dirname, '..'), process.cwd())
  const terminal = terminalOn(process.stdout)
  terminal.line('selfrag is starting')
  const running = startStandalone(settings, terminal)
  const ending = endOnSignal(running)
  const standalone = await running
  const handbook = await indexHandbook(settings, standalone.url, terminal, ending).catch((error: unknown) => {
    if (!ending.aborted) terminal.line(`  ✗ the documentation was not indexed: ${String(error)}`)
    return null
  })
  if (ending.aborted) return
  terminal.line(greeting(standalone, settings.home, handbook, process.cwd()))
}

/** Ctrl-C lets what is in flight end; a second one, or five seconds, do not wait. Gives what is aborted by the first. */
function endOnSignal(running: Promise<Standalone>): AbortSignal {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (ending.signal.aborted) endNow()
      ending.abort()
      setTimeout(endNow, 4_800).unref()
      running
        .then(standalone => standalone.stop())
        .then(
          () => process.exit(0),
          () => process.exit(1),
        )
    })
  return ending.signal
}

/** Not process.exit, which would end the model's thread in the middle of an inference: the runtime then dumps core. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}

main().catch((error: unknown) => {
  const expected = [HomeError, PortError, UnusableResources, WrongEnvironment].some(kind => error instanceof kind)
  process.stderr.write(`${expected ? (error as Error).message : String((error as Error).stack)}\n`)
  process.exit(1)
})
