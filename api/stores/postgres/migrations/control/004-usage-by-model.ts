import type { Knex } from 'knex'

/** Calls and tokens are counted for each model. The release before neither reads nor writes this table. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE usage
      -- '': of no model, such as retrievals
      ADD COLUMN provider text NOT NULL DEFAULT '',
      ADD COLUMN model text NOT NULL DEFAULT '',
      DROP CONSTRAINT usage_pkey,
      ADD CONSTRAINT usage_pkey PRIMARY KEY (tenant_id, day, metric, provider, model)
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TEMPORARY TABLE usage_of_all_models ON COMMIT DROP AS
      SELECT tenant_id, day, metric, sum(count)::bigint AS count FROM usage GROUP BY tenant_id, day, metric;
    DELETE FROM usage;
    ALTER TABLE usage
      DROP CONSTRAINT usage_pkey,
      DROP COLUMN provider,
      DROP COLUMN model,
      ADD CONSTRAINT usage_pkey PRIMARY KEY (tenant_id, day, metric);
    INSERT INTO usage SELECT * FROM usage_of_all_models
  `)
}
