import { spawn } from 'node:child_process'

export interface CommandOptions {
  readonly input?: string
  /** What the program writes goes on to this process's output as it comes, too. */
  readonly show?: boolean
}

/** Runs a program and gives its standard output. @throws Error with what the program said */
export function command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return startCommand(program, args, options).result
}

export interface RunningCommand {
  /** Ends its standard input. */
  end(): void
  readonly result: Promise<string>
}

export function startCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions & { readonly keepOpen?: boolean } = {},
): RunningCommand {
  const child = spawn(program, args, { stdio: 'pipe' })
  let [out, error] = ['', '']
  child.stdout.on('data', part => {
    out += String(part)
    if (options.show) process.stdout.write(part as Buffer)
  })
  child.stderr.on('data', part => {
    error += String(part)
    if (options.show) process.stderr.write(part as Buffer)
  })
  // A program that ends without reading everything is told by its exit code.
  child.stdin.on('error', () => undefined)
  if (options.input !== undefined) child.stdin.write(options.input)
  if (!options.keepOpen) child.stdin.end()
  const result = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve(out)
      else
        reject(
          new Error(`${program} ${args.slice(0, 6).join(' ')}: exit ${code}\n${error.slice(-4000)}${out.slice(-2000)}`),
        )
    })
  })
  return { end: () => child.stdin.end(), result }
}
