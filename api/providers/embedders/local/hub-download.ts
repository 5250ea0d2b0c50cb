import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { writeAtomically } from './atomic-file.ts'
import { type LocalModel, ONNX_FILE, type PinnedFile, TOKENIZER_FILE } from './catalogue.ts'

export interface Download {
  readonly fetch: typeof globalThis.fetch
  /** Without a slash at the end; `https://huggingface.co`, or a mirror of it. */
  readonly hubUrl: string
  /** Command that runs Maven; null: that way is not tried. */
  readonly mavenCommand: string | null
  readonly signal?: AbortSignal
  /** Bytes of `file` that have arrived; `total` is 0 when the server does not say. */
  onProgress?(file: string, received: number, total: number): void
}

/** No byte for this long, and the download is given up. */
const STALL_MS = 30_000

/** @throws Error saying which address failed and why */
export async function downloadFromHub(model: LocalModel, folder: string, download: Download): Promise<void> {
  await fetchFile(model, model.tokenizer, join(folder, TOKENIZER_FILE), download)
  await fetchFile(model, model.onnx, join(folder, ONNX_FILE), download)
}

async function fetchFile(model: LocalModel, file: PinnedFile, path: string, download: Download): Promise<void> {
  const url = `${download.hubUrl}/${model.hubRepository}/resolve/${model.hubRevision}/${file.hubPath}`
  try {
    await writeAtomically(path, partial => receive(url, file, partial, download))
  } catch (cause) {
    throw new Error(`${url}: ${reason(cause)}`, { cause })
  }
}

async function receive(url: string, file: PinnedFile, partial: string, download: Download): Promise<void> {
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(new Error(`no data for ${STALL_MS / 1000} s`)), STALL_MS)
  const signal = AbortSignal.any([stalled.signal, ...(download.signal ? [download.signal] : [])])
  try {
    const response = await download.fetch(url, { signal })
    if (!response.ok || !response.body) throw new Error(`answered ${response.status}`)
    const total = Number(response.headers.get('content-length') ?? 0)
    const hash = createHash('sha256')
    let received = 0
    const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        timer.refresh()
        hash.update(chunk)
        received += chunk.length
        download.onProgress?.(file.hubPath, received, total)
        yield chunk
      }
    }
    await pipeline(response.body, watched, createWriteStream(partial), { signal })
    const digest = hash.digest('hex')
    if (!file.sha256.includes(digest)) throw new Error(`sent a file with sha256 ${digest}, expected ${file.sha256.join(' or ')}`) // prettier-ignore
  } finally {
    clearTimeout(timer)
  }
}

/** fetch says "fetch failed" and hides why in its cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
