import { join, resolve } from 'node:path'
import { type Home, homeAt } from './home.ts'

type Variables = Readonly<Record<string, string | undefined>>

export interface Documentation {
  /** Documents are named by their path in here. */
  readonly root: string
  /** Files and folders in it. */
  readonly paths: readonly string[]
}

export interface StandaloneSettings {
  readonly home: Home
  /** Folder of the YAML files that are applied. */
  readonly resources: string
  /** Markdown that is indexed at the start. */
  readonly documentation: Documentation
  /** What the caller's environment says; it overrides what the pipeline resource says. */
  readonly variables: Variables
}

/** Reads the variables that only `npm start` knows; all others are those of api/contract/configuration.ts. */
export function readSettings(env: Variables, projectRoot: string, workingDirectory: string): StandaloneSettings {
  const at = (value: string | undefined, standard: string) => (value ? resolve(workingDirectory, value) : standard)
  return {
    home: homeAt(at(env['SELFRAG_HOME'], join(projectRoot, '.selfrag'))),
    resources: at(env['SELFRAG_RESOURCES'], join(projectRoot, 'config', 'samples')),
    documentation: env['SELFRAG_DOCS']
      ? { root: at(env['SELFRAG_DOCS'], projectRoot), paths: ['.'] }
      : { root: projectRoot, paths: ['README.md', 'docs'] },
    variables: { ...env, HOST: env['HOST'] || '127.0.0.1' },
  }
}
