import type { Knex } from 'knex'

/** What each leg of hybrid retrieval is worth in a knowledge base (api/retrieval/fusion/leg-worth.ts); null: not measured. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE lexical_statistics ADD COLUMN leg_worth jsonb')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE lexical_statistics DROP COLUMN leg_worth')
}
