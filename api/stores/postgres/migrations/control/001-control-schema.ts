import type { Knex } from 'knex'

/** The control schema of a pipeline's database: who the tenants are, their keys, and what happened. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE tenants (
      id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      slug         text NOT NULL UNIQUE,
      display_name text NOT NULL,
      plan         text NOT NULL DEFAULT 'standard',
      status       text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
      isolation    text NOT NULL DEFAULT 'Auto' CHECK (isolation IN ('Auto', 'Shared', 'Dedicated')),
      schema_name  text NOT NULL UNIQUE,
      -- alias of the collection that the tenant's points are in
      collection   text NOT NULL,
      managed_by   text NOT NULL CHECK (managed_by IN ('api', 'resource')),
      -- api/contract/ownership.ts: the resource, or the tenant itself
      owner        jsonb NOT NULL,
      quotas       jsonb NOT NULL,
      -- model settings of the tenant: request > knowledge base > tenant > system > environment
      settings     jsonb NOT NULL DEFAULT '{}',
      -- set when its resource was deleted with Retain: a new resource of the same name in the same cluster takes it back
      released_at  timestamptz,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE api_keys (
      id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      tenant_id    uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
      name         text NOT NULL,
      prefix       text NOT NULL,
      -- SHA-256 in hex; the key itself is nowhere in the database
      hash         text NOT NULL UNIQUE,
      role         text NOT NULL CHECK (role IN ('admin', 'write', 'read')),
      -- NULL: all knowledge bases of the tenant
      scope_kb_ids uuid[],
      -- NULL: the pipeline's
      rate_limit_per_minute integer CHECK (rate_limit_per_minute > 0),
      managed_by   text NOT NULL CHECK (managed_by IN ('api', 'resource')),
      expires_at   timestamptz,
      revoked_at   timestamptz,
      last_used_at timestamptz,
      created_at   timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX api_keys_tenant ON api_keys (tenant_id);

    -- One row per piece of background work, for people; pg-boss (schema selfrag_queue) delivers it.
    CREATE TABLE jobs (
      id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      tenant_id    uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
      kb_id        uuid NOT NULL,
      document_id  uuid,
      kind         text NOT NULL CHECK (kind IN ('ingest', 'delete-document', 'delete-knowledge-base', 'calibrate')),
      status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
      -- the stage that is running, or that failed
      stage        text,
      -- [{name, status: pending|running|done|failed, started_at, finished_at, attempts, detail}]
      stages       jsonb NOT NULL DEFAULT '[]',
      attempts     integer NOT NULL DEFAULT 0,
      -- {code, message, transient}
      error        jsonb,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now(),
      finished_at  timestamptz
    );
    CREATE INDEX jobs_document ON jobs (document_id);
    CREATE INDEX jobs_unfinished ON jobs (tenant_id, status) WHERE status IN ('queued', 'running');

    CREATE TABLE embedding_generations (
      -- real name of the collection, …_g1
      collection   text PRIMARY KEY,
      alias        text NOT NULL,
      generation   integer NOT NULL CHECK (generation > 0),
      fingerprint  text NOT NULL,
      -- NULL in lexical mode
      model        text,
      dimension    integer,
      distance     text,
      status       text NOT NULL DEFAULT 'active' CHECK (status IN ('building', 'active', 'retired')),
      created_at   timestamptz NOT NULL DEFAULT now(),
      UNIQUE (alias, generation)
    );

    CREATE TABLE audit_log (
      id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at           timestamptz NOT NULL DEFAULT now(),
      actor_type   text NOT NULL CHECK (actor_type IN ('api-key', 'admin', 'operator', 'system', 'anonymous')),
      -- prefix of the key, name of the resource; never a secret
      actor        text,
      -- no foreign key: the record outlives the tenant
      tenant_id    uuid,
      action       text NOT NULL,
      target       text,
      outcome      text NOT NULL CHECK (outcome IN ('success', 'denied', 'failure')),
      request_id   text,
      detail       jsonb NOT NULL DEFAULT '{}'
    );
    CREATE INDEX audit_log_at ON audit_log (at);
    CREATE INDEX audit_log_tenant ON audit_log (tenant_id, at);

    CREATE TABLE system_config (
      key          text PRIMARY KEY,
      value        jsonb NOT NULL,
      updated_at   timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE usage (
      tenant_id    uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
      day          date NOT NULL,
      -- requests, retrievals, llm_calls, llm_tokens, embedding_calls, …
      metric       text NOT NULL,
      count        bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (tenant_id, day, metric)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE usage, system_config, audit_log, embedding_generations, jobs, api_keys, tenants')
}
