import { createHash } from 'node:crypto'
import { PassThrough, pipeline, type Readable, Transform, type TransformCallback, Writable } from 'node:stream'
import { pipeline as finished } from 'node:stream/promises'
import type { BackupFile, FileContent, Manifest } from './manifest.ts'
import type { Place } from './places/index.ts'
import { type BackupKey, seal, unseal } from './seal.ts'

/** Writes the files of one backup and remembers what a manifest says of them. */
export class FileWriter {
  readonly files: BackupFile[] = []
  readonly #place: Place
  readonly #backup: string
  readonly #key: BackupKey | null

  constructor(place: Place, backup: string, key: BackupKey | null) {
    this.#place = place
    this.#backup = backup
    this.#key = key
  }

  /** @param content asked when everything has been read: only then is it known how many rows it was */
  async add(path: string, source: Readable, content: () => FileContent): Promise<void> {
    const name = this.#key ? `${path}.gz.enc` : `${path}.gz`
    const meter = new Meter()
    // A failure of the source reaches whoever reads the meter.
    const sealed = pipeline([source, ...seal(this.#key, `${this.#backup}/${name}`), meter], () => undefined)
    await this.#place.write(`${this.#backup}/${name}`, sealed as unknown as Readable)
    this.files.push({ path: name, sha256: meter.sha256(), bytes: meter.bytes, content: content() })
  }
}

/** What lies in a place is not what was written there. */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged'
}

/** Reads every file of a backup and compares it with its manifest. @throws BackupDamaged naming the file */
export async function verifyFiles(place: Place, manifest: Pick<Manifest, 'name' | 'files'>): Promise<void> {
  for (const { path, sha256, bytes } of manifest.files) {
    const file = `${manifest.name}/${path}`
    const meter = new Meter()
    try {
      await finished(await place.read(file), meter, nowhere())
    } catch (cause) {
      throw new BackupDamaged(`backup ${manifest.name} is damaged: ${path} cannot be read from ${place.about} (${(cause as Error).message}); use another backup`, { cause }) // prettier-ignore
    }
    if (meter.bytes !== bytes || meter.sha256() !== sha256)
      throw new BackupDamaged(`backup ${manifest.name} is damaged: ${path} in ${place.about} is not what was written (${meter.bytes} bytes, expected ${bytes}); use another backup`) // prettier-ignore
  }
}

/** What a file was before it was sealed. */
export async function openFile(
  place: Place,
  manifest: Pick<Manifest, 'name'>,
  { path }: BackupFile,
  key: BackupKey | null,
): Promise<Readable> {
  const file = `${manifest.name}/${path}`
  const source = await place.read(file)
  const end = new PassThrough()
  pipeline([source, ...unseal(key, file), end], () => undefined)
  return end
}

/** Counts and hashes what passes. */
class Meter extends Transform {
  bytes = 0
  readonly #hash = createHash('sha256')
  #digest: string | undefined
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length
    this.#hash.update(chunk)
    done(null, chunk)
  }
  sha256(): string {
    return (this.#digest ??= this.#hash.digest('hex'))
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
