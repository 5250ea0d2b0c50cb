import { expect } from 'chai'
import { describe, it } from 'mocha'
import { judgeFailure, LlmFailure, NotYet, PermanentFailure } from '../../../api/ingestion/job-failure.ts'
import { UnreadableDocument } from '../../../api/ingestion/parsers/parser.ts'
import { UnusableAnswer } from '../../../api/providers/llms/structured-answer.ts'
import { EmbeddingDimensionError, ProviderError } from '../../../api/providers/provider-error.ts'
import {
  CollectionMissing,
  DimensionMismatch,
  VectorStoreUnavailable,
} from '../../../api/stores/vectors/vector-store.ts'

const HOUR = 3_600_000
const first = { stageAttempts: 1, ageMs: 0 }
const databaseError = (code: string) => Object.assign(new Error('at db.internal: secret'), { code })

const cases: readonly (readonly [string, Error, string, boolean])[] = [
  ['a store that is down', new VectorStoreUnavailable('down'), 'VECTOR_STORE_UNAVAILABLE', true],
  ['a collection that is not made yet', new CollectionMissing('kb_shared'), 'VECTOR_STORE_UNAVAILABLE', true],
  ['an overloaded model', new ProviderError('openai', '429', { transient: true }), 'EMBEDDER_UNAVAILABLE', true],
  ['a wrong key of the model', new ProviderError('openai', '401', { transient: false }), 'EMBEDDING_FAILED', false],
  [
    'an LLM that is away',
    new LlmFailure(new ProviderError('openai', '503', { transient: true })),
    'LLM_UNAVAILABLE',
    true,
  ],
  [
    'a wrong key of the LLM',
    new LlmFailure(new ProviderError('openai', '401', { transient: false })),
    'LLM_FAILED',
    false,
  ],
  ['an LLM that makes no sense', new LlmFailure(new UnusableAnswer('no JSON')), 'LLM_FAILED', true],
  ['another dimension', new EmbeddingDimensionError('openai', 'm', 384, 512), 'EMBEDDING_DIMENSION', false],
  ['another dimension in the store', new DimensionMismatch('c', 384, 512), 'EMBEDDING_DIMENSION', false],
  ['a broken file', new UnreadableDocument('not UTF-8'), 'UNREADABLE_DOCUMENT', false],
  ['a refused connection', databaseError('ECONNREFUSED'), 'DATABASE_UNAVAILABLE', true],
  ['a deadlock', databaseError('40P01'), 'DATABASE_UNAVAILABLE', true],
  ['a schema that is not there yet', databaseError('42P01'), 'DATABASE_UNAVAILABLE', true],
  ['something to wait for', new NotYet('others are at work'), 'NOT_YET', true],
  ['a decision', new PermanentFailure('KB_CONFIG_ERROR', 'chunking'), 'KB_CONFIG_ERROR', false],
]

describe('judging a failed attempt', () => {
  for (const [what, error, code, transient] of cases) {
    it(`${what}: ${code}, ${transient ? 'tried again' : 'told at once'}`, () => {
      expect(judgeFailure(error, first)).to.include({ code, transient })
    })
  }

  it('waits as often as it takes', () => {
    const verdict = judgeFailure(new VectorStoreUnavailable('down'), { stageAttempts: 5_000, ageMs: 167 * HOUR })
    expect(verdict.transient).to.equal(true)
  })

  it('gives up after a week, and says so', () => {
    const verdict = judgeFailure(new VectorStoreUnavailable('down'), { stageAttempts: 3, ageMs: 169 * HOUR })
    expect(verdict).to.deep.equal({
      code: 'VECTOR_STORE_UNAVAILABLE',
      message: 'given up after 7 days: down',
      transient: false,
    })
  })

  it('tries what nobody foresaw five times, and tells nobody the details', () => {
    const bug = new TypeError('cannot read the password of undefined')
    expect(judgeFailure(bug, { stageAttempts: 4, ageMs: 0 })).to.include({ code: 'INTERNAL_ERROR', transient: true })
    const last = judgeFailure(bug, { stageAttempts: 5, ageMs: 0 })
    expect(last).to.include({ code: 'INTERNAL_ERROR', transient: false })
    expect(last.message).not.to.include('password')
  })

  it("repeats nothing of the database's own words", () => {
    expect(judgeFailure(databaseError('ECONNREFUSED'), first).message).not.to.include('db.internal')
  })
})
