import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type LocalModel, ONNX_FILE, type PinnedFile, TOKENIZER_FILE } from './catalogue.ts'
import { type Download, downloadFromHub } from './hub-download.ts'
import { downloadFromMaven } from './maven-download.ts'

/** Where the verified files of a model lie. */
export interface ModelFiles {
  readonly onnxPath: string
  readonly tokenizerPath: string
}

export interface ModelFileSettings {
  /** MODELS_DIR: read only, one folder a model. */
  readonly modelsDir?: string | undefined
  /** Where downloads are kept; made when it is needed. */
  readonly cacheDir: string
  readonly download: Download
}

export type ModelSearch =
  | { readonly files: ModelFiles }
  /** Nowhere: what was tried and why it failed, a line each, for people. */
  | { readonly files: null; readonly tried: readonly string[] }

/**
 * Finds a model's files: in MODELS_DIR, in the cache, on the Hugging Face hub, in Maven's repository. Every file is
 * checked against its pinned sha256, so a broken one in the cache is fetched again. Does not throw for a way that fails.
 */
export async function findModelFiles(model: LocalModel, settings: ModelFileSettings): Promise<ModelSearch> {
  const cache = join(settings.cacheDir, model.folders[0]!)
  const ways: (() => Promise<ModelFiles>)[] = [
    ...(settings.modelsDir ? model.folders.map(folder => join(settings.modelsDir!, folder)) : []).map(
      folder => () => verifiedFolder(model, folder),
    ),
    () => verifiedFolder(model, cache),
    () => downloadFromHub(model, cache, settings.download).then(() => verifiedFolder(model, cache)),
    () => downloadFromMaven(model, cache, settings.download).then(() => verifiedFolder(model, cache)),
  ]
  const tried: string[] = []
  for (const way of ways) {
    try {
      return { files: await way() }
    } catch (error) {
      tried.push(error instanceof Error ? error.message : String(error))
    }
  }
  return { files: null, tried }
}

/** @throws Error naming the file that is missing or is another one */
async function verifiedFolder(model: LocalModel, folder: string): Promise<ModelFiles> {
  const files = { onnxPath: join(folder, ONNX_FILE), tokenizerPath: join(folder, TOKENIZER_FILE) }
  await verify(files.tokenizerPath, model.tokenizer)
  await verify(files.onnxPath, model.onnx)
  return files
}

async function verify(path: string, expected: PinnedFile): Promise<void> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new Error(missing ? `${path} is not there` : `${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  const digest = hash.digest('hex')
  if (!expected.sha256.includes(digest))
    throw new Error(`${path} has sha256 ${digest}, expected ${expected.sha256.join(' or ')}: remove it`)
}
