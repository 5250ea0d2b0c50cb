import type { Knex } from 'knex'

/** One step of a schema. It must keep the release before its own working: pods of both run while one replaces the other. */
export interface Migration {
  readonly name: string
  /** The release that brought it, `0.1`. */
  readonly release: string
  up(knex: Knex): Promise<void>
  down(knex: Knex): Promise<void>
}
