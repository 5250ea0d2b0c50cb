import type { Knex } from 'knex'

/** Where tenants want to be told of what happens, and what has still to be told. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE webhooks (
      id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      tenant_id    uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
      url          text NOT NULL,
      description  text NOT NULL DEFAULT '',
      events       text[] NOT NULL,
      -- signs what is sent, so it is needed in the clear; shown to people once
      secret       text NOT NULL,
      enabled      boolean NOT NULL DEFAULT true,
      -- why the service itself switched it off
      disabled_reason text,
      created_at   timestamptz NOT NULL DEFAULT now(),
      updated_at   timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX webhooks_tenant ON webhooks (tenant_id, created_at, id);

    -- The outbox: written in the transaction of the change that it tells of, one row a webhook.
    CREATE TABLE webhook_deliveries (
      id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      webhook_id   uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
      event        text NOT NULL,
      payload      jsonb NOT NULL,
      status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
      attempts     integer NOT NULL DEFAULT 0,
      -- of a row that is being sent: when another worker may think that this one died
      next_attempt_at timestamptz NOT NULL DEFAULT now(),
      response_status integer,
      error        text,
      created_at   timestamptz NOT NULL DEFAULT now(),
      finished_at  timestamptz
    );
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE status = 'pending';
    CREATE INDEX webhook_deliveries_list ON webhook_deliveries (webhook_id, created_at, id);
    CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE status <> 'pending';
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE webhook_deliveries, webhooks')
}
