import type { Logger } from 'pino'
import { inSpan } from '../tracing/tracing.ts'
import { activeGeneration } from '../stores/postgres/embedding-generations.ts'
import { readSourceBytes } from '../stores/postgres/document-sources.ts'
import { findDocument, updateDocument } from '../stores/postgres/documents.ts'
import { lockKnowledgeBaseContents } from '../stores/postgres/knowledge-bases.ts'
import { cancelJob, updateJob } from '../stores/postgres/jobs.ts'
import { readSummary } from '../stores/postgres/lexical-statistics.ts'
import type { JobError, JobStage } from '../stores/postgres/rows.ts'
import { inTenant, type TenantTransaction } from '../stores/postgres/tenant-scope.ts'
import { CollectionMissing } from '../stores/vectors/vector-store.ts'
import { IngestRun, lockWanted } from './ingest-run.ts'
import { judgeFailure, PermanentFailure, Superseded } from './job-failure.ts'
import { beginStage, endStage, failStage, postponeStage, restartFrom } from './job-stages.ts'
import type { JobWork } from './job-work.ts'
import { requestCalibration } from './request-calibration.ts'
import { UnreadableDocument } from './parsers/parser.ts'
import { chunkStage } from './stages/chunk.ts'
import { embedStage } from './stages/embed.ts'
import { enrichStage } from './stages/enrich.ts'
import { parseStage } from './stages/parse.ts'
import { type Stage, StageOutdated } from './stages/stage.ts'
import { storeStage } from './stages/store.ts'

/** From a source to searchable chunks, in this order. */
const stages: readonly Stage[] = [parseStage, chunkStage, enrichStage, embedStage, storeStage]

/** A document that has ended its worker so often is the reason for it. */
const MOST_CRASHES = 10

/** Makes a document searchable, going on from the first stage that is not done. */
export async function ingest(work: JobWork): Promise<void> {
  let run: IngestRun | undefined
  try {
    run = await begin(work)
    for (let stage = nextStage(run.stages); stage; stage = nextStage(run.stages)) await advance(run, stage)
    work.parts.usage.add(work.scope.tenantId, { documents: 1, chunks: run.stored })
    work.parts.queue.wake()
  } catch (error) {
    // No longer this worker's job: whoever has it now keeps its record.
    if (work.signal.aborted) throw error
    await settle(work, run, error)
  }
}

function nextStage(record: readonly JobStage[]): Stage | undefined {
  const name = record.find(({ status }) => status !== 'done')?.name
  return stages.find(stage => stage.name === name)
}

/** Sources up to this size are read along with everything else. */
const SMALL_SOURCE = 1_000_000

async function begin({ parts, scope, job, signal }: JobWork): Promise<IngestRun> {
  return inTenant(parts.database, scope, async tenant => {
    const document = await lockWanted(tenant, job)
    const first = nextStage(job.stages)
    if (!first) throw new Error(`job ${job.id} has no stage left, and is not done`)
    const readsSource = first === parseStage && Number(document.size_bytes) <= SMALL_SOURCE
    const source = readsSource ? await readSourceBytes(tenant, document.id) : null
    const summary = await readSummary(tenant, document.kb_id)
    await updateDocument(tenant, document.id, { status: 'processing', error: null })
    const record = beginStage(job.stages, first.name, parts.now())
    const generation = await tenant.control(async sql => {
      const active = await activeGeneration(sql, scope.collection)
      if (!active) throw new CollectionMissing(scope.collection)
      const attempts = job.attempts + 1
      await updateJob(sql, job.id, { status: 'running', stage: first.name, stages: record, attempts })
      return active
    })
    const weight = summary?.weighted_with ?? null
    return new IngestRun({ parts, scope, job, signal, log: parts.log, document, generation, stages: record, weight, source }) // prettier-ignore
  })
}

async function advance(run: IngestRun, stage: Stage): Promise<void> {
  refuseCrasher(run, stage)
  const { now } = run.parts
  try {
    const result = await inSpan(`ingestion.${stage.name}`, {}, () => stage.run(run))
    run.pending.push(result)
    const done = endStage(run.stages, stage.name, now(), result.detail)
    const next = nextStage(done)
    const record = next ? beginStage(done, next.name, now()) : done
    if (!result.deferrable || !next) {
      await run.transaction(tenant => (next ? proceed(run, tenant, next, record) : succeed(run, tenant, record)))
      run.pending.length = 0
    }
    run.stages = record
  } catch (error) {
    if (!(error instanceof StageOutdated)) throw error
    run.pending.length = 0
    run.drafts = null
    run.stages = restartFrom(run.stages, error.stage, now())
    await run.transaction(tenant => run.record(tenant, { stage: error.stage, stages: run.stages }))
  }
}

function refuseCrasher(run: IngestRun, { name }: Stage): void {
  const crashes = run.stages.find(stage => stage.name === name)?.crashes ?? 0
  if (crashes < MOST_CRASHES) return
  throw new PermanentFailure(
    'WORKER_CRASHED',
    `the worker ended ${crashes} times in the stage ${name}; the document may need more memory than the worker has: split it, or give the worker more`,
  )
}

async function proceed(run: IngestRun, tenant: TenantTransaction, next: Stage, stages: readonly JobStage[]) {
  await run.writePending(tenant)
  await run.record(tenant, { stage: next.name, stages })
}

/** The store stage, which is the last, has locked the knowledge base. */
async function succeed(run: IngestRun, tenant: TenantTransaction, stages: readonly JobStage[]): Promise<void> {
  await run.writePending(tenant)
  await run.record(tenant, { status: 'succeeded', stage: null, stages, error: null, finished_at: run.parts.now() })
  await requestCalibration(tenant, run.parts, run.document.kb_id)
}

/** Records what an attempt failed of. @throws the error again when another attempt may go better */
async function settle(work: JobWork, run: IngestRun | undefined, error: unknown): Promise<void> {
  if (error instanceof Superseded) return cancel(work, run)
  const { parts, job } = work
  // Without a run the record is as it was when the job was fetched, and its first stage was not begun.
  const record = run?.stages ?? job.stages
  const stage = record.find(({ status }) => status !== 'done')
  const verdict = judgeFailure(error, {
    stageAttempts: (stage?.attempts ?? 0) + (run ? 0 : 1),
    ageMs: parts.now().getTime() - job.created_at.getTime(),
  })
  const name = stage?.name ?? 'parse'
  logFailure(parts.log, error, name, verdict)
  try {
    await recordFailure(work, record, name, verdict)
  } catch (recording) {
    if (recording instanceof Superseded) return cancel(work, run)
    throw recording
  }
  if (verdict.transient) throw error
}

function logFailure(log: Logger, error: unknown, stage: string, { code, message, transient }: JobError): void {
  const place = { stage, code }
  if (transient) log.warn({ ...place, err: error }, 'the job will be tried again')
  // A broken file is told to whoever sent it, by the document's status; for who runs the service it is no fault.
  else if (error instanceof UnreadableDocument) log.info({ ...place, reason: message }, 'a document cannot be read')
  else log.error({ ...place, err: error }, 'the job has failed')
}

async function recordFailure(
  { parts, scope, job }: JobWork,
  record: readonly JobStage[],
  stage: string,
  verdict: JobError,
): Promise<void> {
  const { code, message, transient } = verdict
  await inTenant(parts.database, scope, async tenant => {
    const document = await lockWanted(tenant, job)
    if (!transient) await updateDocument(tenant, document.id, { status: 'failed', error: { code, message, stage } })
    await tenant.control(sql =>
      updateJob(
        sql,
        job.id,
        transient
          ? { status: 'queued', stage, stages: postponeStage(record, stage, message), error: verdict }
          : { status: 'failed', stage, stages: failStage(record, stage, parts.now(), message), error: verdict, finished_at: parts.now() }, // prettier-ignore
      ),
    )
    await lockKnowledgeBaseContents(tenant, job.kb_id)
    await requestCalibration(tenant, parts, job.kb_id)
  })
}

/**
 * The document went, or has new content, while this job was at it. Whoever deletes it runs after this job and removes its
 * points; but if this worker was thought dead for a while, that has been already, so its own points are removed here.
 */
async function cancel({ parts, scope, job }: JobWork, run: IngestRun | undefined): Promise<void> {
  if (run && run.writtenPoints.size > 0) {
    const current = await inTenant(parts.database, scope, tenant => findDocument(tenant, run.document.id))
    const revisionStays =
      current !== null && current.status !== 'deleting' && current.revision === run.document.revision
    if (!revisionStays) await parts.vectors.delete(run.vectors, { ids: [...run.writtenPoints] })
  }
  await inTenant(parts.database, scope, async tenant => {
    const exists = await lockKnowledgeBaseContents(tenant, job.kb_id)
    await tenant.control(sql => cancelJob(sql, job.id, parts.now()))
    if (exists) await requestCalibration(tenant, parts, job.kb_id)
  })
}
