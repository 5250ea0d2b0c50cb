import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { pino } from 'pino'
import { localModelMachine } from '../local-model-machine.ts'
import type { LocalModelMachine } from '../providers/embedders/index.ts'
import type { Terminal } from './terminal.ts'

/** How this machine comes by the local model: as the API does, with a progress bar, and with Maven where it is installed. */
export async function modelMachine(terminal: Terminal, path: string | undefined): Promise<LocalModelMachine> {
  const machine = localModelMachine(pino({ level: 'silent' }))
  const bars = new Map<string, ReturnType<Terminal['progress']>>()
  return {
    ...machine,
    download: {
      ...machine.download,
      mavenCommand: await findCommand('mvn', path),
      onProgress(file, received, total) {
        const bar = bars.get(file) ?? terminal.progress(`  ${file}`)
        bars.set(file, bar)
        bar.update(received, total)
        if (received === total) bar.end()
      },
    },
  }
}

async function findCommand(name: string, path = ''): Promise<string | null> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const candidate = join(folder, name)
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (executable) return candidate
  }
  return null
}
