import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'mocha'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type BackupKey, newKey, seal, unseal } from '../../../api/backup/seal.ts'

const key = newKey('correct horse battery staple')
const place = 'selfrag-20260630T030000Z/control/tenants.copy.gz.enc'

/** Bytes that come in pieces of every size, as they do from a network. */
function pieces(bytes: Buffer, size: number): Readable {
  return Readable.from(Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))) // prettier-ignore
}

async function through(source: Readable, steps: NodeJS.ReadWriteStream[]): Promise<Buffer> {
  let result = Buffer.alloc(0)
  await pipeline([source, ...steps, async (stream: AsyncIterable<Buffer>) => void (result = await buffer(stream as never))] as never) // prettier-ignore
  return result
}

const sealed = (text: Buffer, with_: BackupKey | null = key) => through(Readable.from([text]), seal(with_, place))
const opened = (bytes: Buffer, with_: BackupKey | null = key, where = place, size = 7) => through(pieces(bytes, size), unseal(with_, where)) // prettier-ignore
const fails = (work: Promise<unknown>) => work.then(() => null, (error: Error) => error.message) // prettier-ignore

describe('sealing files of a backup', () => {
  for (const [what, text] of [
    ['nothing', Buffer.alloc(0)],
    ['a line', Buffer.from('a line\n')],
    ['a megabyte', randomBytes(1_000_000)],
  ] as const)
    // prettier-ignore
    it(`gives back ${what}, with a key and without`, async () => {
      for (const with_ of [key, null])
        expect((await opened(await sealed(text, with_), with_, place, 4096)).equals(text)).to.equal(true)
    })

  it('notices every flipped byte, a missing end, another key and another place', async () => {
    const bytes = await sealed(Buffer.from('4711'))
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes)
      changed[index]! ^= 1
      expect(await fails(opened(changed)), `byte ${index}`).to.not.equal(null)
    }
    expect(await fails(opened(bytes.subarray(0, 20)))).to.not.equal(null)
    expect(await fails(opened(bytes, newKey('another passphrase')))).to.not.equal(null)
    expect(await fails(opened(bytes, key, place.replace('tenants', 'api_keys')))).to.not.equal(null)
  })

  it('never writes the same text twice in the same way', async () => {
    expect((await sealed(Buffer.from('x'))).equals(await sealed(Buffer.from('x')))).to.equal(false)
  })
})
