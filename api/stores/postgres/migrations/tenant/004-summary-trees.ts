import type { Knex } from 'knex'

/** Trees of summaries for the retriever `raptor` (api/ingestion/summary-tree). The release before knows nothing of them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE summaries (
      id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      kb_id       uuid NOT NULL REFERENCES knowledge_bases ON DELETE CASCADE,
      -- 1: of chunks; above: of summaries
      level       integer NOT NULL,
      -- SHA-256 over what it was made of, in hex: made again of the same, it is not written again
      source      text NOT NULL,
      text        text NOT NULL,
      -- the chunks below it, whatever its level
      chunk_ids   uuid[] NOT NULL,
      -- float32, little endian, and the fingerprint of what made it
      embedding   bytea NOT NULL,
      embedded_by text NOT NULL,
      -- false while its tree is being made
      live        boolean NOT NULL DEFAULT false,
      created_at  timestamptz NOT NULL DEFAULT now(),
      UNIQUE (kb_id, source, embedded_by)
    );
    CREATE INDEX summaries_chunks ON summaries USING gin (chunk_ids);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE summaries')
}
