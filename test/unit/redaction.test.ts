import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { pino } from 'pino'
import { mintApiKey } from '../../api/contract/api-key.ts'
import { describeError } from '../../api/contract/describe-error.ts'
import { ApiError } from '../../api/contract/error-codes.ts'
import { logOptions } from '../../api/contract/log-format.ts'
import { maskSecrets } from '../../api/contract/mask-secrets.ts'
import { withoutEcho } from '../../api/contract/without-echo.ts'

describe('maskSecrets', () => {
  const key = mintApiKey()
  const cases: [string, string][] = [
    [`knowledge base "${key}" does not exist`, `knowledge base "${key.slice(0, 12)}…" does not exist`],
    [`prefix ${key.slice(0, 12)}`, `prefix ${key.slice(0, 12)}`],
    ['postgresql://user:p%40ss@db:5432/x', 'postgresql://user:…@db:5432/x'],
    ['redis://:secret@redis', 'redis://:…@redis'],
    ['https://example.com:8020/a@b', 'https://example.com:8020/a@b'],
    ['Authorization: Bearer abcdefgh123', 'Authorization: Bearer …'],
    ['Incorrect key sk-proj-0123456789abcdef', 'Incorrect key sk-…'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_…'],
    ['a task-management-system', 'a task-management-system'],
  ]
  for (const [given, shown] of cases) it(`shows ${JSON.stringify(shown)}`, () => expect(maskSecrets(given)).to.equal(shown)) // prettier-ignore

  it('is what errors and every line of the log go through', () => {
    const lines: string[] = []
    const log = pino(logOptions('test', 'debug'), { write: line => void lines.push(line) })
    log.info({ path: `/v1/documents/${key}`, deep: { er: [key] } }, `asked with ${key}`)
    log.error({ err: new Error(`connect to redis://:secret@redis with ${key}`) }, 'failed')
    expect(lines.join('')).not.to.include(key).and.not.include('secret@')
    expect(new ApiError('KB_NOT_FOUND', `knowledge base ${key}`).message).to.equal(
      `knowledge base ${key.slice(0, 12)}…`,
    )
    for (const line of lines) JSON.parse(line)
  })
})

describe('describeError', () => {
  it('tells what, where and why, and nothing that clients hang on their errors', () => {
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (title)=(of a document)', where: 'x' }) // prettier-ignore
    const told = describeError(new TypeError('could not', { cause })) as { stack: string }
    expect(told).to.deep.include({ type: 'TypeError', message: 'could not' })
    expect(told.stack).to.match(/^ +at /)
    expect(told).to.have.nested.property('cause.code', '23505')
    expect(JSON.stringify(told)).not.to.include('of a document')
  })

  it('tells all of several errors at once, and ends with causes that go round', () => {
    const round = new Error('a')
    round.cause = round
    expect(JSON.stringify(describeError(round)).match(/"message":"a"/g)).to.have.length(5)
    const several = describeError(new AggregateError([new Error('one'), new Error('two')]))
    expect(JSON.stringify(several)).to.include('"one"').and.include('"two"')
    expect(describeError('thrown text')).to.deep.equal({ message: 'thrown text' })
  })
})

describe('withoutEcho', () => {
  it('keeps what a server says itself', () => {
    const sent = ['You answer questions.', 'How long are the keys of the vault valid?']
    expect(withoutEcho('model x was not found; the limit is 8192 tokens', sent)).to.equal('model x was not found; the limit is 8192 tokens') // prettier-ignore
    expect(withoutEcho(`bad prompt: ${sent[1]} (400)`, sent)).to.equal('bad prompt: … (400)')
  })

  it('takes no longer for a long message about much that was sent, whatever repeats in it', () => {
    const sent = [
      JSON.stringify(Array.from({ length: 3000 }, (_, at) => `Sentence ${at} of the document. `.repeat(25))),
    ]
    const milliseconds = (message: string, texts = sent) => {
      const start = process.threadCpuUsage()
      withoutEcho(message, texts)
      const { user, system } = process.threadCpuUsage(start)
      return (user + system) / 1000
    }
    const short = Math.max(milliseconds('a'.repeat(16)), milliseconds('b'.repeat(16)))
    expect(milliseconds('Own words of a server. '.repeat(20))).to.be.below(4 * short + 20)
    expect(milliseconds('a'.repeat(500), ['a'.repeat(2_000_000)])).to.be.below(4 * short + 20)
  })

  it('leaves no 16 characters of what was sent, wherever they stand', () => {
    const texts = fc.string({ minLength: 16, maxLength: 60 })
    fc.assert(
      fc.property(texts, texts, fc.string(), fc.string(), (one, other, before, after) => {
        const kept = withoutEcho(before + one + after + other, [one, other])
        for (let at = 0; at + 16 <= one.length; at++) expect(kept).not.to.include(one.slice(at, at + 16))
      }),
    )
  })
})
