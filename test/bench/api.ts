import { mkdtemp, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { failRun } from './fail-run.ts'
import { compare } from './api/compare.ts'
import { Corpus } from './api/corpus.ts'
import { fill } from './api/fill.ts'
import { apiRequests, httpLoad } from './api/load.ts'
import { profileTable, readProfile } from './api/cpu-profile.ts'
import { readOptions } from './api/options.ts'
import { makeQueries } from './api/query.ts'
import { type Comparison, table, verdicts } from './api/report.ts'
import { startStack } from './api/stack.ts'
import { storeCalls } from './api/store-calls.ts'

/**
 * What the API costs on top of its vector store: the same searches sent to the store itself and asked of POST /v1/retrieve,
 * in turns, in one run. `npm run bench:api`, on Qdrant where QDRANT_URL names one, else on a Postgres with pgvector.
 * Embeddings are cached, as those of questions that come again, unless `--embedding local` has each computed anew. Ends with 1 when a
 * bound is broken.
 */
const options = readOptions(process.argv.slice(2))
const say = (line: string) => process.stderr.write(`${line}\n`)
const comparisons: Comparison[] = []
try {
  const corpus = new Corpus()
  const { engine, embedding } = options
  const profileFolder = options.profile ? await mkdtemp(join(tmpdir(), 'selfrag-profile-')) : null
  const forgetful = embedding === 'local' ? { ENABLE_EMBEDDING_CACHE: 'false' } : {}
  const stack = await startStack({ engine, embedding, profileFolder, environment: forgetful })
  const started = performance.now()
  const tenants = await fill(stack, corpus, options)
  const ingestionSeconds = (performance.now() - started) / 1000
  say(`${options.chunks} chunks of ${options.tenants} tenants indexed in ${ingestionSeconds.toFixed(1)} s`)
  // Start and filling are no part of what questions cost.
  const answersFrom = performance.now() - stack.startedAt
  const queriesFor = makeQueries(corpus, tenants)
  for (const retriever of options.retrievers) {
    const queries = queriesFor(retriever)
    const calls = await storeCalls(stack, queries)
    // Everything is asked once before it counts: embeddings, caches, plans, compiled code.
    await httpLoad(stack.url, apiRequests(queries), { connections: 8, seconds: 2 })
    for (const connections of [1, 32]) comparisons.push(await compare(stack, { queries, calls }, connections, options))
  }
  await stack.api.stop()
  if (profileFolder) console.log(`${profileTable(await readProfile(profileFolder, answersFrom))}\n`)
  const judged = verdicts(comparisons, options.bounds)
  console.log(
    `${engine}, ${options.chunks} chunks of 384 dimensions, ${options.tenants} tenants, load average ${loadavg()[0]?.toFixed(1)}\n`,
  )
  console.log(table(comparisons, judged))
  const json = JSON.stringify({ options, ingestionSeconds, comparisons, verdicts: judged })
  if (options.json) await writeFile(options.json, `${json}\n`)
  else console.log(`\n${json}`)
  if (judged.some(({ kept }) => !kept)) failRun()
} finally {
  await mochaGlobalTeardown()
}
