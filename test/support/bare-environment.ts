const cache = process.env['NODE_COMPILE_CACHE']

/** For a program that is to know nothing of who runs the tests: where programs are found, and where Node keeps compiled code. */
export const bareEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  ...(cache && { NODE_COMPILE_CACHE: cache }),
}
