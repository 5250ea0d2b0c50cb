import { createWriteStream } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { S3mini } from 's3mini'
import { backupTime, MANIFEST } from '../manifest.ts'
import type { KeptBackup } from '../retention.ts'
import { NothingThere, type Place } from './place.ts'

export interface BucketSettings {
  readonly bucket: string
  /** Without slashes at its ends; empty: the top of the bucket. */
  readonly prefix: string
  readonly endpoint: string | undefined
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Larger objects go up in parts of this size; S3 takes 10,000 of them. */
const PART_BYTES = 64 * 1024 * 1024

/** Backups in an S3-compatible bucket: objects under `prefix/backup/`. */
export class BucketPlace implements Place {
  readonly about: string
  readonly #prefix: string
  readonly #client: S3mini

  constructor({ bucket, prefix, endpoint, region, accessKeyId, secretAccessKey }: BucketSettings) {
    this.about = `s3://${[bucket, prefix].filter(part => part !== '').join('/')}`
    this.#prefix = prefix === '' ? '' : `${prefix}/`
    const host = (endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, '')
    this.#client = new S3mini({ accessKeyId, secretAccessKey, region, endpoint: `${host}/${bucket}` })
  }

  /** By way of a local file: S3 wants to know the length first. An object appears when it is whole. */
  async write(path: string, content: Readable): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-backup-'))
    const file = join(folder, 'object')
    try {
      await pipeline(content, createWriteStream(file, { mode: 0o600 }))
      await this.#upload(this.#key(path), file)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #upload(key: string, file: string): Promise<void> {
    const { size } = await stat(file)
    const handle = await open(file, 'r')
    try {
      if (size <= PART_BYTES) await this.#client.putObject(key, await handle.readFile(), 'application/octet-stream')
      else await this.#uploadParts(key, handle, size)
    } finally {
      await handle.close()
    }
  }

  async #uploadParts(key: string, handle: Awaited<ReturnType<typeof open>>, size: number): Promise<void> {
    const upload = await this.#client.getMultipartUploadId(key, 'application/octet-stream')
    try {
      const parts = []
      for (let offset = 0; offset < size; offset += PART_BYTES) {
        const bytes = Buffer.alloc(Math.min(PART_BYTES, size - offset))
        await handle.read(bytes, 0, bytes.length, offset)
        parts.push(await this.#client.uploadPart(key, upload, bytes, parts.length + 1))
      }
      await this.#client.completeMultipartUpload(key, upload, parts)
    } catch (error) {
      // Parts of an upload that never ends cost money.
      await this.#client.abortMultipartUpload(key, upload).catch(() => undefined)
      throw error
    }
  }

  async read(path: string): Promise<Readable> {
    const response = await this.#client.getObjectResponse(this.#key(path))
    if (!response?.body) throw new NothingThere(this.about, path)
    return Readable.fromWeb(response.body)
  }

  async list(): Promise<KeptBackup[]> {
    const backups = new Map<string, boolean>()
    for (const key of await this.#keys(this.#prefix)) {
      const [name = '', file] = key.slice(this.#prefix.length).split('/')
      if (backupTime(name)) backups.set(name, backups.get(name) === true || file === MANIFEST)
    }
    return [...backups].map(([name, complete]) => ({ name, complete }))
  }

  async remove(backup: string): Promise<void> {
    await this.#client.deleteObject(this.#key(`${backup}/${MANIFEST}`))
    for (const key of await this.#keys(this.#key(`${backup}/`))) await this.#client.deleteObject(key)
  }

  async #keys(prefix: string): Promise<string[]> {
    const objects = await this.#client.listObjects('/', prefix)
    return (objects ?? []).map(({ Key }) => Key)
  }

  #key(path: string): string {
    return this.#prefix + path
  }
}
