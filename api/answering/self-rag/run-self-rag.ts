import type { Llm, Message, Usage } from '../../providers/llms/llm.ts'
import type { Answer, NumberedSources, Source } from '../answer.ts'
import { citedAnswer } from '../citations.ts'
import { INSUFFICIENT, answerPrompt } from '../prompt.ts'
import { sentences } from '../sentences.ts'
import type { Analyze, TermWeight } from '../term-overlap.ts'
import { type Outcome, advance, briefing } from './advance.ts'
import { conclusion, failedClaims } from './draft-quality.ts'
import { type SelfRagLimits, exhausted } from './limits.ts'
import { MeteredLlm } from './metered-llm.ts'
import {
  correction,
  decidePrompt,
  gradeDraftPrompt,
  gradePassagesPrompt,
  replyPrompt,
  rewritePrompt,
} from './prompts.ts'
import { readDecision, readDraftGrades, readPassageGrades, readQuery } from './read-grades.ts'
import { type Draft, type SelfRagState, startOf } from './state.ts'
import { verdictOn } from './verdict.ts'

export interface SelfRagTask {
  /** Understandable by itself. */
  readonly question: string
  readonly instructions: readonly string[]
  readonly history: readonly Message[]
  readonly llm: Llm
  /** Finds sources; those that were found before are known by their chunk's id. `wide`: more than the last time. */
  readonly retrieve: (query: string, wide: boolean) => Promise<readonly Source[]>
  readonly analyze: Analyze
  readonly weight: TermWeight
  readonly limits: SelfRagLimits
  readonly maxTokens: number
  readonly temperature: number
  /** Milliseconds, from any start. */
  readonly now: () => number
  readonly signal?: AbortSignal | undefined
}

/** One thing that was done, for the trace and the `reflection` events: plain JSON. */
export interface Reflection {
  readonly step: Outcome['phase'] | 'finish'
  /** Retrievals so far. */
  readonly iteration: number
  readonly calls: number
  readonly detail: Readonly<Record<string, unknown>>
}

export interface SelfRagResult {
  readonly answer: Answer
  readonly usage: Usage
  readonly iterations: number
  readonly regenerations: number
  readonly calls: number
  readonly usefulness: number | null
  /** Sentences of the answer that the sources do not fully say. */
  readonly unsupportedClaims: readonly string[]
  readonly reflections: readonly Reflection[]
}

const GRADES_TOKENS = 1500
const SHORT_TOKENS = 256

/**
 * Answers a question with retrieval that is checked (Self-RAG and CRAG, with any model): what to do next is decided by
 * advance(), and here it is done, until that is all or a limit is reached.
 * @throws ProviderError; what `retrieve` throws; the signal's reason
 */
export async function* runSelfRag(task: SelfRagTask): AsyncGenerator<Reflection, SelfRagResult, void> {
  const started = task.now()
  const elapsed = () => task.now() - started
  const deadline = AbortSignal.timeout(task.limits.milliseconds)
  const signal = task.signal ? AbortSignal.any([task.signal, deadline]) : deadline
  const llm = new MeteredLlm(task.llm, { limits: task.limits, elapsed, signal })
  const work = new SelfRagWork(task, llm)
  const reflections: Reflection[] = []
  const note = (step: Reflection['step'], state: SelfRagState, detail: Reflection['detail']) => {
    const reflection = { step, iteration: state.queries.length, calls: llm.spent.calls, detail }
    reflections.push(reflection)
    return reflection
  }
  let state = startOf(task.question)
  while (state.phase !== 'done' && !exhausted(llm.spent, task.limits)) {
    const done = await work.do(state).catch((error: unknown) => {
      // The time that was given is over, which is an end like any other; the caller's own reasons are thrown.
      if (deadline.aborted && !task.signal?.aborted) return null
      throw error
    })
    if (!done) break
    state = advance(state, done.outcome, task.limits)
    yield note(done.outcome.phase, state, done.detail)
  }
  const stopped = state.phase !== 'done'
  const { answer, draft } = conclusion(state, stopped)
  yield note('finish', state, { status: answer.status, ...(stopped && { spent: llm.spent }) })
  return {
    answer,
    usage: llm.usage,
    iterations: state.queries.length,
    regenerations: state.regenerations,
    calls: llm.spent.calls,
    usefulness: draft?.usefulness ?? null,
    unsupportedClaims: draft ? failedClaims(draft) : [],
    reflections,
  }
}

interface Done {
  readonly outcome: Outcome
  readonly detail: Readonly<Record<string, unknown>>
}

/** Does what a phase asks for. */
class SelfRagWork {
  readonly #task: SelfRagTask
  readonly #llm: MeteredLlm
  readonly #sources = new Map<number, Source>()

  constructor(task: SelfRagTask, llm: MeteredLlm) {
    this.#task = task
    this.#llm = llm
  }

  do(state: SelfRagState): Promise<Done> {
    switch (state.phase) {
      case 'decide':
        return this.#decide(state)
      case 'reply':
        return this.#reply(state)
      case 'retrieve':
        return this.#retrieve(state)
      case 'grade_passages':
        return this.#gradePassages(state)
      case 'rewrite':
        return this.#rewrite(state)
      case 'generate':
        return this.#generate(state)
      case 'grade_draft':
        return this.#gradeDraft(state, state.draft!)
      case 'done':
        throw new Error('there is nothing left to do')
    }
  }

  async #decide({ question }: SelfRagState): Promise<Done> {
    const { text } = await this.#llm.ask(decidePrompt(question), { maxTokens: SHORT_TOKENS, json: true })
    const retrieve = readDecision(text)
    return { outcome: { phase: 'decide', retrieve }, detail: { retrieve } }
  }

  async #reply({ question }: SelfRagState): Promise<Done> {
    const { instructions, history, maxTokens } = this.#task
    const { text } = await this.#llm.ask(replyPrompt(question, instructions, history), { maxTokens })
    return { outcome: { phase: 'reply', text: text.trim() }, detail: {} }
  }

  async #retrieve({ query, wide }: SelfRagState): Promise<Done> {
    const found = await this.#task.retrieve(query, wide)
    const known = new Set([...this.#sources.values()].map(({ chunkId }) => chunkId))
    const fresh = found.filter(({ chunkId }) => !known.has(chunkId)).map(source => this.#number(source))
    return { outcome: { phase: 'retrieve', fresh }, detail: { query, wide, found: found.length, fresh } }
  }

  #number(source: Source): number {
    const number = this.#sources.size + 1
    this.#sources.set(number, source)
    return number
  }

  async #gradePassages({ question, fresh }: SelfRagState): Promise<Done> {
    const prompt = gradePassagesPrompt(question, this.#some(fresh))
    const { value: grades, fault, repaired } = await this.#llm.askJson(prompt, GRADES_TOKENS, text => readPassageGrades(text, fresh)) // prettier-ignore
    const detail = { relevance: Object.fromEntries(grades), verdict: verdictOn(grades.values()), repaired, fault }
    return { outcome: { phase: 'grade_passages', grades }, detail }
  }

  async #rewrite({ question, queries }: SelfRagState): Promise<Done> {
    const { text } = await this.#llm.ask(rewritePrompt(question, queries), { maxTokens: SHORT_TOKENS, json: true })
    const query = readQuery(text)
    return { outcome: { phase: 'rewrite', query }, detail: { query } }
  }

  async #generate(state: SelfRagState): Promise<Done> {
    const { instructions, history, maxTokens, temperature, analyze, weight } = this.#task
    const { numbers, failed } = briefing(state)
    const sources = this.#some(numbers)
    const wrong = correction(failed)
    const prompt = answerPrompt({ question: state.question, sources, instructions, history, ...(wrong !== undefined && { correction: wrong }) }) // prettier-ignore
    const { text } = await this.#llm.ask(prompt, { maxTokens, temperature })
    const answer = citedAnswer(text, sources, analyze, weight)
    const insufficient = text.trim() === '' || text.includes(INSUFFICIENT)
    const draft = insufficient ? null : { answer, sentences: statements(answer.text) }
    return { outcome: { phase: 'generate', draft }, detail: { sources: numbers, failed, draft: draft && answer.text } }
  }

  async #gradeDraft({ question }: SelfRagState, draft: Draft): Promise<Done> {
    const shown = this.#some(new Set(draft.answer.citations.map(({ index }) => index)))
    const sources = shown.size > 0 ? shown : this.#sources
    const prompt = gradeDraftPrompt(question, draft.sentences, sources)
    const { value, fault, repaired } = await this.#llm.askJson(prompt, GRADES_TOKENS, text => readDraftGrades(text, draft.sentences.length)) // prettier-ignore
    return { outcome: { phase: 'grade_draft', ...value }, detail: { sentences: draft.sentences, ...value, repaired, fault } } // prettier-ignore
  }

  #some(numbers: Iterable<number>): NumberedSources {
    return new Map([...numbers].map(number => [number, this.#sources.get(number)!]))
  }
}

/** The sentences of an answer; one that has none (a number, a piece of code) is one statement as a whole. */
function statements(text: string): string[] {
  const found = sentences(text).map(({ start, end }) => text.slice(start, end))
  return found.length > 0 ? found : [text]
}
