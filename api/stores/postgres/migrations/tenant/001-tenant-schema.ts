import type { Knex } from 'knex'

/** One tenant's schema. Runs as the tenant's role, with the schema first in the search path. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE knowledge_bases (
      id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      name         text NOT NULL UNIQUE,
      description  text NOT NULL DEFAULT '',
      -- api/contract/chunking.ts and retrieval.ts; {} = the pipeline's
      chunking     jsonb NOT NULL DEFAULT '{}',
      retrieval    jsonb NOT NULL DEFAULT '{}',
      settings     jsonb NOT NULL DEFAULT '{}',
      managed_by   text NOT NULL CHECK (managed_by IN ('api', 'resource')),
      -- goes up whenever what a search could find has changed; caches hold it in their keys
      version      bigint NOT NULL DEFAULT 1,
      -- set while its documents are being deleted; it is invisible from then on
      deleted_at   timestamptz,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now()
    );

    -- What BM25 must know of a knowledge base: one row each, so that a query's weights come from one read.
    CREATE TABLE lexical_statistics (
      kb_id          uuid PRIMARY KEY REFERENCES knowledge_bases ON DELETE CASCADE,
      chunk_count    integer NOT NULL,
      -- mean number of terms of a chunk, now
      average_length real NOT NULL,
      -- the average that the stored sparse vectors were weighted with; re-weighted when the two drift apart
      weighted_with  real NOT NULL,
      -- weighted_with has changed and not every stored vector has followed yet
      reweighing     boolean NOT NULL DEFAULT false,
      -- parallel arrays: term, and in how many chunks it occurs
      terms          integer[] NOT NULL,
      frequencies    integer[] NOT NULL,
      updated_at     timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE documents (
      id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      kb_id        uuid NOT NULL REFERENCES knowledge_bases ON DELETE CASCADE,
      external_id  text,
      title        text NOT NULL,
      metadata     jsonb NOT NULL DEFAULT '{}',
      -- SHA-256 of the source, in hex: same content = same document
      content_hash text NOT NULL,
      media_type   text NOT NULL,
      filename     text,
      size_bytes   bigint NOT NULL,
      -- goes up when the content is replaced; part of the chunk ids
      revision     integer NOT NULL DEFAULT 1,
      status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'processing', 'ready', 'failed', 'deleting')),
      -- {code, message, stage}
      error        jsonb,
      -- settingsFingerprint of the chunking that its chunks were made with
      chunking_fingerprint text,
      chunk_count  integer NOT NULL DEFAULT 0,
      job_id       uuid,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      UNIQUE (kb_id, content_hash),
      UNIQUE (kb_id, external_id)
    );
    CREATE INDEX documents_list ON documents (kb_id, created_at, id);

    -- Beside documents, so that lists of documents do not drag the bytes along.
    CREATE TABLE document_sources (
      document_id  uuid PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
      bytes        bytea NOT NULL,
      -- result of the parse stage (api/ingestion/parsers/parser.ts): NULL until it has run
      parsed_text  text,
      sections     jsonb
    );

    CREATE TABLE chunks (
      id           uuid PRIMARY KEY,
      document_id  uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
      kb_id        uuid NOT NULL,
      position     integer NOT NULL,
      text         text NOT NULL,
      start_offset integer NOT NULL,
      end_offset   integer NOT NULL,
      metadata     jsonb NOT NULL DEFAULT '{}',
      -- the analysed terms, ascending, how often each occurs, and how many there are in all
      terms        integer[] NOT NULL,
      frequencies  integer[] NOT NULL,
      length       integer NOT NULL,
      UNIQUE (document_id, position)
    );
    CREATE INDEX chunks_kb ON chunks (kb_id);

    -- Chunks on their way: made by the chunk stage, moved to chunks when their points are stored. So chunks holds what can
    -- be found, also while a new revision of a document is being worked on.
    CREATE TABLE chunk_drafts (
      LIKE chunks INCLUDING ALL,
      -- result of the embed stage: float32, little endian
      embedding    bytea,
      -- fingerprint of what made it
      embedded_by  text,
      FOREIGN KEY (document_id) REFERENCES documents ON DELETE CASCADE
    );

    -- Idempotency-Key of document requests, so that a repeated request gives the first one's answer.
    CREATE TABLE idempotency_keys (
      key          text PRIMARY KEY,
      request_hash text NOT NULL,
      response     jsonb NOT NULL,
      created_at   timestamptz NOT NULL DEFAULT now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'DROP TABLE idempotency_keys, chunk_drafts, chunks, document_sources, documents, lexical_statistics, knowledge_bases',
  )
}
