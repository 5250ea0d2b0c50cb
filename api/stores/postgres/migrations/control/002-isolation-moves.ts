import type { Knex } from 'knex'

/** Where a tenant's points are on their way to: the last move of each tenant, under way or over. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE isolation_moves (
      tenant_id    uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
      -- aliases of collections
      source       text NOT NULL,
      target       text NOT NULL,
      phase        text NOT NULL CHECK (phase IN ('copying', 'catching-up', 'settling', 'clearing', 'done', 'cancelled')),
      phase_at     timestamptz NOT NULL DEFAULT now(),
      -- {knowledge base: {version, weight}} when copying began; NULL: it has not
      baseline     jsonb,
      begun_at     timestamptz,
      -- the last point of the source that was copied; copying goes in the order of ids
      last_point   uuid,
      copied       bigint NOT NULL DEFAULT 0,
      total        bigint,
      -- why it does not go on
      error        text,
      -- the worker that is at it, until when it need not be heard of; then another one goes on
      held_by      uuid,
      held_until   timestamptz,
      request_id   text,
      created_at   timestamptz NOT NULL DEFAULT now(),
      finished_at  timestamptz
    );
    CREATE INDEX isolation_moves_unfinished ON isolation_moves (held_until) WHERE phase NOT IN ('done', 'cancelled');
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE isolation_moves')
}
