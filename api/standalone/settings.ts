import { join, resolve } from 'node:path'
import { type Home, homeAt } from './home.ts'

type Variables = Readonly<Record<string, string | undefined>>

export interface StandaloneSettings {
  readonly home: Home
  /** Folder of the YAML files that are applied. */
  readonly resources: string
  /** Folder of this project: its documentation is what is indexed. */
  readonly projectRoot: string
  /** What the caller's environment says; it overrides what the pipeline resource says. */
  readonly variables: Variables
}

/** Reads the variables that only `npm start` knows; all others are those of api/contract/configuration.ts. */
export function readSettings(env: Variables, projectRoot: string, workingDirectory: string): StandaloneSettings {
  const at = (value: string | undefined, standard: string) => (value ? resolve(workingDirectory, value) : standard)
  return {
    home: homeAt(at(env['SELFRAG_HOME'], join(projectRoot, '.selfrag'))),
    resources: at(env['SELFRAG_RESOURCES'], join(projectRoot, 'config', 'samples')),
    projectRoot,
    variables: { ...env, HOST: env['HOST'] || '127.0.0.1' },
  }
}
