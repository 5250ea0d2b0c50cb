import { Piscina } from 'piscina'
import { detectParser, type FileHint, parseDocument } from './index.ts'
import { type ParsedDocument, UnreadableDocument, UnsupportedDocument } from './parser.ts'
import type { ParseAnswer, ParseTask } from './parse-task.ts'

export interface ParserThreadsOptions {
  /** Files that are read at the same time. */
  readonly threads: number
  readonly timeoutMs: number
  readonly memoryMb: number
}

const usual: ParserThreadsOptions = { threads: 2, timeoutMs: 120_000, memoryMb: 1024 }

/** Text of this size is read faster than a thread is asked to. */
const SMALL_TEXT = 64 * 1024
const quickFormats: readonly string[] = ['text', 'markdown', 'html', 'csv', 'json']

/** The file has another ending where the built JavaScript runs. */
const filename = new URL(`./parse-task${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href

/**
 * Reads files in threads of their own: a PDF of 300 pages takes seconds, in which no query would be answered. A file that
 * takes too long or too much memory takes its thread with it, not the process. Threads start with the first file that
 * needs one and end when there is nothing to read for a while.
 */
export class ParserThreads {
  readonly #options: ParserThreadsOptions
  readonly #pool: Piscina<ParseTask, ParseAnswer>

  constructor(options: Partial<ParserThreadsOptions> = {}) {
    this.#options = { ...usual, ...options }
    this.#pool = new Piscina({
      filename,
      minThreads: 0,
      maxThreads: this.#options.threads,
      idleTimeout: 30_000,
      resourceLimits: { maxOldGenerationSizeMb: this.#options.memoryMb },
    })
  }

  /** @throws UnreadableDocument, also for a file that takes too much time or memory; UnsupportedDocument */
  async parse(bytes: Uint8Array, hint: FileHint): Promise<ParsedDocument> {
    const { format } = await detectParser(bytes, hint)
    if (bytes.length <= SMALL_TEXT && quickFormats.includes(format)) return parseDocument(bytes, hint)
    const answer = await this.#inThread({ bytes, hint }, format)
    if ('document' in answer) return answer.document
    throw answer.unsupported ? new UnsupportedDocument(answer.refused) : new UnreadableDocument(answer.refused)
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }

  async #inThread(task: ParseTask, format: string): Promise<ParseAnswer> {
    const { timeoutMs, memoryMb } = this.#options
    try {
      return await this.#pool.run(task, { signal: AbortSignal.timeout(timeoutMs) })
    } catch (cause) {
      const { name, code } = cause as NodeJS.ErrnoException
      if (name === 'AbortError')
        throw new UnreadableDocument(`the ${format} file was not read within ${timeoutMs / 1000} s; send it in smaller parts`, { cause }) // prettier-ignore
      if (code === 'ERR_WORKER_OUT_OF_MEMORY')
        throw new UnreadableDocument(`the ${format} file needs more than ${memoryMb} MiB to be read; send it in smaller parts`, { cause }) // prettier-ignore
      throw cause
    }
  }
}
