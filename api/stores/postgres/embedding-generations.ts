import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import type { EmbeddingGenerationRow } from './rows.ts'

function table(sql: Knex) {
  return sql<EmbeddingGenerationRow>('embedding_generations').withSchema(CONTROL_SCHEMA)
}

/** Of one alias, oldest first. */
export async function listGenerations(sql: Knex, alias: string): Promise<EmbeddingGenerationRow[]> {
  return table(sql).where({ alias }).orderBy('generation')
}

/** Of all aliases. */
export async function allGenerations(sql: Knex): Promise<EmbeddingGenerationRow[]> {
  return table(sql).orderBy(['alias', 'generation'])
}

/** What the alias's collection holds now; null when provisioning has not made it yet. */
export async function activeGeneration(sql: Knex, alias: string): Promise<EmbeddingGenerationRow | null> {
  return (await table(sql).where({ alias, status: 'active' }).orderBy('generation', 'desc').first()) ?? null
}

/** Recording the same collection again changes nothing. */
export async function recordGeneration(
  sql: Knex,
  generation: Omit<EmbeddingGenerationRow, 'status' | 'created_at'>,
): Promise<void> {
  await table(sql)
    .insert({ ...generation, status: 'active' })
    .onConflict('collection')
    .ignore()
}

export async function forgetGeneration(sql: Knex, collection: string): Promise<void> {
  await table(sql).where({ collection }).delete()
}
