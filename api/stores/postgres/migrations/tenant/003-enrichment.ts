import type { Knex } from 'knex'

/** What enrichers write (api/ingestion/enrichers). The release before leaves both empty, and reads neither. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- NULL: nobody was asked for one
    ALTER TABLE documents ADD COLUMN summary text;
    -- what is embedded and analysed before the chunk's text, beside its titles; NULL: not enriched
    ALTER TABLE chunks ADD COLUMN context text;
    ALTER TABLE chunk_drafts ADD COLUMN context text;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE documents DROP COLUMN summary;
    ALTER TABLE chunks DROP COLUMN context;
    ALTER TABLE chunk_drafts DROP COLUMN context;
  `)
}
