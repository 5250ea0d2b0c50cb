import { Presets, SingleBar } from 'cli-progress'
import type { Outcome } from './reconcile.ts'

/** What the person at the terminal sees. */
export interface Terminal {
  line(text: string): void
  /** A bar that is drawn over itself; a few lines where the output is no terminal. */
  progress(what: string): { update(done: number, total: number): void; end(): void }
}

/** Draws bars where the output is a terminal, and writes lines where it is a file or a pipe. */
export function terminal(output: NodeJS.WriteStream): Terminal {
  const line = (text: string) => void output.write(`${text}\n`)
  return { line, progress: what => (output.isTTY ? drawnBar(what, output) : writtenLines(what, line)) }
}

function drawnBar(what: string, stream: NodeJS.WriteStream) {
  const bar = new SingleBar(
    { format: `${what} {bar} {value}/{total}`, stream, hideCursor: true, clearOnComplete: false },
    Presets.shades_classic,
  )
  let drawn = false
  return {
    update(done: number, total: number) {
      if (!drawn) bar.start(total, done)
      drawn = true
      bar.setTotal(total)
      bar.update(done)
    },
    end: () => bar.stop(),
  }
}

function writtenLines(what: string, line: (text: string) => void) {
  let last = -1
  return {
    update(done: number, total: number) {
      const quarter = total === 0 ? 4 : Math.floor((4 * done) / total)
      if (quarter !== last) line(`${what} ${done}/${total}`)
      last = quarter
    },
    end() {},
  }
}

/** One line a resource: ready, unchanged, or what is in its way. */
export function outcomeLine({ resource, ready, changes, message }: Outcome): string {
  if (!ready) return `  ✗ ${resource}: ${message}`
  return `  ✓ ${resource} ${changes === 0 ? 'unchanged' : `ready (${changes} change${changes === 1 ? '' : 's'})`}`
}
