import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Source } from '../../../api/answering/answer.ts'
import { cutAnswer } from '../../../api/answering/cut-answer.ts'
import { mostSelfRag } from '../../../api/answering/self-rag/limits.ts'
import { type SelfRagTask, runSelfRag } from '../../../api/answering/self-rag/run-self-rag.ts'
import type { Completion, CompletionRequest, Llm } from '../../../api/providers/llms/llm.ts'
import { tokenize } from '../../../api/retrieval/bm25/analyzer.ts'
import { readStream } from '../../support/read-stream.ts'

type Step = 'decide' | 'reply' | 'passages' | 'rewrite' | 'draft' | 'support'

/** Which question a prompt is, by its first words. */
function stepOf({ messages }: CompletionRequest): Step {
  const system = messages[0]!.content
  if (system.includes('You decide whether')) return 'decide'
  if (system.includes('how relevant each source')) return 'passages'
  if (system.includes('Write another search query')) return 'rewrite'
  if (system.includes('You check an answer')) return 'support'
  return system.includes('needs no documents') ? 'reply' : 'draft'
}

type Script = Partial<Record<Step, string | readonly string[]>>

/** Says for each step what the script has next; the last is repeated. Ten tokens a call. */
class ScriptedLlm implements Llm {
  readonly provider = 'scripted'
  readonly model = 'scripted'
  readonly asked: { step: Step; request: CompletionRequest }[] = []
  readonly #script: Script

  constructor(script: Script) {
    this.#script = script
  }

  async complete(request: CompletionRequest): Promise<Completion> {
    request.signal?.throwIfAborted()
    const step = stepOf(request)
    const said = [this.#script[step] ?? usual[step]].flat()
    const before = this.asked.filter(one => one.step === step).length
    this.asked.push({ step, request })
    const text = said[Math.min(before, said.length - 1)]!
    return { text, usage: { promptTokens: 6, completionTokens: 4 }, finishReason: 'stop' }
  }

  // eslint-disable-next-line require-yield
  async *stream(): AsyncGenerator<string, Completion, void> {
    throw new Error('drafts are not streamed')
  }

  get steps(): Step[] {
    return this.asked.map(({ step }) => step)
  }

  last(step: Step): string {
    return this.asked
      .filter(one => one.step === step)
      .at(-1)!
      .request.messages.at(-1)!.content
  }
}

const passages = (...grades: [number, string][]) =>
  JSON.stringify({ passages: grades.map(([id, relevance]) => ({ id, relevance })) })
const support = (usefulness: number, ...grades: string[]) =>
  JSON.stringify({ sentences: grades.map((grade, place) => ({ id: `S${place + 1}`, support: grade })), usefulness })

const usual: Record<Step, string> = {
  decide: '{"retrieve": true}',
  reply: 'Hello!',
  passages: passages([1, 'relevant'], [2, 'irrelevant']),
  rewrite: '{"query": "lifetime of keys"}',
  draft: 'Keys expire after ninety days [1].',
  support: support(5, 'full'),
}

const source = (id: string, text: string): Source => ({ chunkId: id, documentId: `d-${id}`, text, context: [] })
const keys = source('keys', 'Keys expire after ninety days.')
const lunch = source('lunch', 'There is fish on Fridays.')
const more = source('more', 'A key can be revoked.')

async function run(script: Script, task: Partial<SelfRagTask> = {}) {
  const llm = new ScriptedLlm(script)
  const searched: [string, boolean][] = []
  const found = task.retrieve ?? (async () => [keys, lunch])
  const loop = runSelfRag({
    question: 'How long do keys live?',
    instructions: [],
    history: [],
    llm,
    analyze: tokenize,
    weight: () => 1,
    limits: mostSelfRag,
    maxTokens: 500,
    temperature: 0,
    now: () => 0,
    ...task,
    retrieve: (query, wide) => (searched.push([query, wide]), found(query, wide)),
  })
  const { pieces, result } = await readStream(loop)
  return { llm, searched, steps: pieces.map(({ step }) => step), result }
}

describe('Self-RAG', () => {
  it('retrieves, grades, writes and checks, in four calls when all is well', async () => {
    const { llm, result, steps, searched } = await run({})
    expect(llm.steps).to.deep.equal(['decide', 'passages', 'draft', 'support'])
    expect(steps).to.deep.equal(['decide', 'retrieve', 'grade_passages', 'generate', 'grade_draft', 'finish'])
    expect(result.answer).to.deep.include({ text: 'Keys expire after ninety days [1].', status: 'supported' })
    expect(result.answer.citations).to.have.length(1)
    expect(result).to.deep.include({ calls: 4, iterations: 1, regenerations: 0, usefulness: 5, unsupportedClaims: [], usage: { promptTokens: 24, completionTokens: 16 } }) // prettier-ignore
    expect(searched).to.deep.equal([['How long do keys live?', false]])
    // What was graded irrelevant is not shown to the writer.
    expect(llm.last('draft')).to.contain('[1]').and.not.to.contain('fish')
  })

  it('replies without documents when none are needed', async () => {
    const { llm, result, searched } = await run({ decide: '{"retrieve": false}' })
    expect(llm.steps).to.deep.equal(['decide', 'reply'])
    expect([result.answer.text, result.answer.status, searched]).to.deep.equal(['Hello!', 'insufficient_evidence', []])
  })

  it('repairs grades of unknown sources once, then keeps what is ungraded', async () => {
    const invented = passages([1, 'relevant'], [7, 'relevant'])
    const repaired = await run({ passages: [invented, passages([1, 'relevant'], [2, 'irrelevant'])] })
    expect(repaired.llm.steps).to.deep.equal(['decide', 'passages', 'passages', 'draft', 'support'])
    expect(repaired.llm.last('passages')).to.contain('there is no 7')
    const hopeless = await run({ passages: ['I think so', 'I still think so'] })
    expect(hopeless.llm.steps.filter(step => step === 'passages')).to.have.length(2)
    expect(hopeless.llm.last('draft')).to.contain('[1]').and.contain('fish')
    expect(hopeless.result.answer.status).to.equal('supported')
  })

  it('searches in other words, grades only what is new, and keeps the question', async () => {
    const { llm, result, searched } = await run(
      { passages: [passages([1, 'irrelevant']), passages([2, 'relevant'])], draft: 'Keys expire after ninety days [2].' },
      { retrieve: async query => (query.startsWith('lifetime') ? [lunch, keys] : [lunch]) },
    ) // prettier-ignore
    expect(searched).to.deep.equal([['How long do keys live?', false], ['lifetime of keys', false]]) // prettier-ignore
    expect(llm.last('passages')).to.contain('[2]').and.not.to.contain('fish')
    for (const step of ['passages', 'draft', 'support', 'rewrite'] as const)
      expect(llm.last(step), step).to.contain('Question: How long do keys live?')
    expect(llm.last('rewrite')).to.contain('- How long do keys live?')
    // Numbers stay: the second source to be found is [2] to the end.
    expect(result.answer.citations[0]).to.include({ index: 2, chunkId: 'keys' })
    expect(result.iterations).to.equal(2)
  })

  it('asks for more when the words run out, and gives up after three retrievals', async () => {
    const { result, searched } = await run({ rewrite: ['{"query": "How long do KEYS live"}', '{"query": "keys"}'] }, { retrieve: async () => [] }) // prettier-ignore
    expect(searched.map(([, wide]) => wide)).to.deep.equal([false, true, true])
    expect(result.answer).to.deep.include({ status: 'insufficient_evidence', citations: [] })
  })

  it('writes anew, naming the failed claims, and keeps the best draft', async () => {
    const drafts = ['Keys expire after ninety days [1]. They are blue.', 'Keys are blue [1].', 'Keys may be blue [1].']
    const grades = [support(4, 'full', 'none'), support(4, 'none'), support(4, 'none')]
    const { llm, result } = await run({ draft: drafts, support: grades })
    expect(llm.steps.filter(step => step === 'draft')).to.have.length(3)
    expect(llm.asked.filter(({ step }) => step === 'draft')[1]!.request.messages.at(-1)!.content).to.contain('- They are blue.') // prettier-ignore
    expect(llm.last('draft')).to.contain('- Keys are blue')
    expect(result.answer).to.deep.include({ text: drafts[0], status: 'partial' })
    expect(result).to.deep.include({ regenerations: 2, unsupportedClaims: ['They are blue.'] })
  })

  it('takes sources that the model invents out of the answer', async () => {
    const { result } = await run({ draft: 'Keys expire after ninety days [1][2][9].' })
    expect(result.answer.text).to.equal('Keys expire after ninety days [1].')
  })

  it('searches again when the draft says that the sources do not answer', async () => {
    const { searched, result } = await run({ draft: ['INSUFFICIENT_EVIDENCE', 'Keys can be revoked [3].'], passages: [usual.passages, passages([3, 'relevant'])] }, { retrieve: async query => (query.startsWith('lifetime') ? [more] : [keys, lunch]) }) // prettier-ignore
    expect(searched).to.have.length(2)
    expect(result.answer).to.deep.include({ text: 'Keys can be revoked [3].', status: 'supported' })
  })

  it('stops at the limit of calls, repairs included, with the best that there is', async () => {
    const { llm, result } = await run({ support: 'unreadable' }, { limits: { ...mostSelfRag, calls: 4 } })
    expect(llm.steps).to.deep.equal(['decide', 'passages', 'draft', 'support'])
    expect(result.answer.status).to.equal('partial')
    const early = await run({}, { limits: { ...mostSelfRag, calls: 3 } })
    expect(early.result.answer).to.deep.include({ text: 'Keys expire after ninety days [1].', status: 'budget_exhausted' }) // prettier-ignore
    const first = await run({}, { limits: { ...mostSelfRag, calls: 1 } })
    expect(first.result.answer).to.deep.include({ status: 'budget_exhausted', citations: [] })
    expect(first.searched).to.deep.equal([])
  })

  it('never makes more than twelve calls, whatever the model says', async () => {
    const { result } = await run({ passages: 'x', draft: 'A thing [1].', support: ['x', support(1, 'full')], rewrite: ['{"query": "a"}', '{"query": "b"}'] }, { retrieve: async query => [source(query, query)] }) // prettier-ignore
    expect(result.calls).to.be.at.most(12)
  })

  it('stops at the limits of tokens and of time', async () => {
    const tokens = await run({}, { limits: { ...mostSelfRag, tokens: 20 } })
    expect([tokens.result.calls, tokens.result.answer.status]).to.deep.equal([2, 'budget_exhausted'])
    let clock = 0
    const time = await run({}, { now: () => (clock += 1000), limits: { ...mostSelfRag, milliseconds: 6000 } })
    expect(time.result.answer.status).to.equal('budget_exhausted')
    expect(time.result.calls).to.be.lessThan(4)
  })

  it('ends a call that takes longer than the time that there is, and throws the caller’s own reason', async () => {
    const hanging: Llm = {
      ...new ScriptedLlm({}),
      provider: 'p',
      model: 'm',
      complete: ({ signal }) => new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error))), // prettier-ignore
      stream: () => expect.fail('not asked for'),
    }
    const { result } = await run({}, { llm: hanging, limits: { ...mostSelfRag, milliseconds: 20 } })
    expect(result.answer.status).to.equal('budget_exhausted')
    const caller = new AbortController()
    const reason = new Error('gone')
    const running = run({}, { llm: hanging, signal: caller.signal }).catch((error: unknown) => error)
    caller.abort(reason)
    expect(await running).to.equal(reason)
  })
})

describe('an answer that is cut into sentences', () => {
  it('is the same answer, each citation with the sentence that bears it', () => {
    const citation = (index: number) => ({ index, chunkId: `c${index}`, documentId: 'd', span: { start: 0, end: 1 } })
    const answer = { text: 'One [1]. Two [2][1]. Three.', status: 'supported', citations: [citation(1), citation(2)] } as const // prettier-ignore
    const pieces = cutAnswer(answer)
    expect(pieces.map(({ text }) => text).join('')).to.equal(answer.text)
    expect(pieces.map(({ citations }) => citations.map(({ index }) => index))).to.deep.equal([[1], [2], []])
    for (const text of ['', '42', '---']) expect(cutAnswer({ ...answer, text }).map(piece => piece.text).join('')).to.equal(text) // prettier-ignore
  })
})
