import { createCipheriv, createDecipheriv, type DecipherGCM, createHmac, randomBytes, scryptSync } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import type { Manifest } from './manifest.ts'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

export interface BackupKey {
  readonly bytes: Buffer
  /** What a manifest says of it. */
  readonly about: NonNullable<Manifest['encryption']>
}

/** The key of a new backup, from its passphrase. */
export function newKey(passphrase: string): BackupKey {
  const salt = randomBytes(16).toString('hex')
  return deriveKey(passphrase, salt)
}

/** @throws Error when the backup is encrypted and the passphrase is none, or another one */
export function keyOf({ name, encryption }: Manifest, passphrase: string | undefined): BackupKey | null {
  if (!encryption) return null
  if (!passphrase) throw new Error(`backup ${name} is encrypted; set BACKUP_ENCRYPTION_KEY to its passphrase`)
  const key = deriveKey(passphrase, encryption.salt)
  if (key.about.check !== encryption.check)
    throw new Error(`backup ${name} was encrypted with another passphrase than BACKUP_ENCRYPTION_KEY`)
  return key
}

function deriveKey(passphrase: string, salt: string): BackupKey {
  const bytes = scryptSync(passphrase, salt, 32)
  const check = createHmac('sha256', bytes).update('selfrag backup').digest('hex')
  return { bytes, about: { algorithm: ALGORITHM, kdf: 'scrypt', salt, check } }
}

/**
 * Compressed, and encrypted where there is a key.
 * @param place `backup/path`, which belongs to the file: one that was moved cannot be opened
 */
export function seal(key: BackupKey | null, place: string): Transform[] {
  return key ? [createGzip({ level: 1 }), new Sealing(key.bytes, place)] : [createGzip({ level: 1 })]
}

/** The inverse. Fails at the end when what was read is not what was written. */
export function unseal(key: BackupKey | null, place: string): Transform[] {
  return key ? [new Opening(key.bytes, place), createGunzip()] : [createGunzip()]
}

/** IV, then the text, then the tag. */
class Sealing extends Transform {
  readonly #cipher
  constructor(key: Buffer, place: string) {
    super()
    const iv = randomBytes(IV_BYTES)
    this.#cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(place))
    this.push(iv)
  }
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, this.#cipher.update(chunk))
  }
  override _flush(done: TransformCallback): void {
    this.push(this.#cipher.final())
    done(null, this.#cipher.getAuthTag())
  }
}

class Opening extends Transform {
  readonly #key: Buffer
  readonly #place: string
  #decipher: DecipherGCM | undefined
  /** The IV until it is whole; from then on the last bytes, which may be the tag. */
  #held: Buffer = Buffer.alloc(0)

  constructor(key: Buffer, place: string) {
    super()
    this.#key = key
    this.#place = place
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#held = Buffer.concat([this.#held, chunk])
    if (!this.#decipher) {
      if (this.#held.length < IV_BYTES) return done()
      const decipher = createDecipheriv(ALGORITHM, this.#key, this.#held.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES }) // prettier-ignore
      this.#decipher = decipher.setAAD(Buffer.from(this.#place))
      this.#held = this.#held.subarray(IV_BYTES)
    }
    const text = this.#held.subarray(0, Math.max(0, this.#held.length - TAG_BYTES))
    this.#held = this.#held.subarray(text.length)
    done(null, text.length > 0 ? this.#decipher.update(text) : undefined)
  }

  override _flush(done: TransformCallback): void {
    try {
      if (!this.#decipher || this.#held.length < TAG_BYTES) throw new Error('it is cut off')
      this.#decipher.setAuthTag(this.#held)
      done(null, this.#decipher.final())
    } catch (cause) {
      done(new Error(`${this.#place} is not what was written: ${(cause as Error).message}`, { cause }))
    }
  }
}
