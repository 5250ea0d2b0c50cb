import type { Knex } from 'knex'

const kinds = ['ingest', 'delete-document', 'delete-knowledge-base', 'calibrate']

/** A kind of job more. The release before writes none of it, and does not take one from the queue. */
export async function up(knex: Knex): Promise<void> {
  await allow(knex, [...kinds, 'summarize'])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("DELETE FROM jobs WHERE kind = 'summarize'")
  await allow(knex, kinds)
}

async function allow(knex: Knex, allowed: readonly string[]): Promise<void> {
  const list = allowed.map(kind => `'${kind}'`).join(', ')
  await knex.raw(`ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check`)
  await knex.raw(`ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN (${list}))`)
}
