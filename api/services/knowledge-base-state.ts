import type { ChunkingBasis } from '../ingestion/effective-chunking.ts'
import { chunkingFingerprint, effectiveChunking } from '../ingestion/effective-chunking.ts'
import { PermanentFailure } from '../ingestion/job-failure.ts'
import { countCutOtherwise } from '../stores/postgres/documents.ts'
import { type GivenUpJob, givenUpJobs } from '../stores/postgres/given-up-jobs.ts'
import type { KnowledgeBaseRow } from '../stores/postgres/rows.ts'
import type { TenantTransaction } from '../stores/postgres/tenant-scope.ts'

/** What has become of a knowledge base, as opposed to what was set. */
export interface KnowledgeBaseState {
  /** Documents whose chunks were cut with other settings than are in force now. */
  readonly outdatedDocuments: number
  /** What was refused for good when it was tried last. */
  readonly givenUp: readonly GivenUpJob[]
}

/** Of all these knowledge bases, by id, in two reads. */
export async function knowledgeBaseStates(
  tenant: TenantTransaction,
  rows: readonly KnowledgeBaseRow[],
  basis: ChunkingBasis,
): Promise<Map<string, KnowledgeBaseState>> {
  const wanted = new Map(rows.map(({ id, chunking }) => [id, fingerprintOf(chunking, basis)]))
  const outdated = await countCutOtherwise(tenant, wanted)
  const jobs = await tenant.control(sql => givenUpJobs(sql, tenant.scope.tenantId))
  return new Map(
    rows.map(({ id }) => [
      id,
      { outdatedDocuments: outdated.get(id) ?? 0, givenUp: jobs.filter(({ kb_id }) => kb_id === id) },
    ]),
  )
}

/** Settings that make no sense together have cut no document. */
function fingerprintOf(own: KnowledgeBaseRow['chunking'], basis: ChunkingBasis): string {
  try {
    return chunkingFingerprint(effectiveChunking(own, basis))
  } catch (error) {
    if (error instanceof PermanentFailure) return ''
    throw error
  }
}
