import type { Knex } from 'knex'

/** Finds the few jobs of knowledge bases that were given up among those of all documents, at every scrape. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    "CREATE INDEX jobs_given_up ON jobs (tenant_id, kb_id) WHERE status = 'failed' AND kind IN ('calibrate', 'summarize')",
  )
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX jobs_given_up')
}
