import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { type ProvisioningStores } from '../../../api/provisioning/stores.ts'
import { VectorStoreUnavailable } from '../../../api/stores/vectors/vector-store.ts'
import { Connections, InvalidAddress, openStores, storeFault } from '../../../operator/connections.ts'
import { type StoreAddress } from '../../../operator/plan/store-address.ts'

const address = (password: string): StoreAddress => ({
  database: { url: `postgresql://user:${password}@localhost/db` },
  vectors: { engine: 'qdrant', url: 'http://qdrant:6333' },
})

describe('connections to stores', () => {
  let opened: string[]
  let closed: string[]
  let now: number
  let connections: Connections

  beforeEach(() => {
    opened = []
    closed = []
    now = 0
    connections = new Connections({
      open: given => {
        const { url } = given.database as { url: string }
        opened.push(url)
        const close = (what: string) => async () => void closed.push(`${what} ${url}`)
        return { database: { destroy: close('database') }, vectors: { close: close('vectors') } } as never as ProvisioningStores // prettier-ignore
      },
      now: () => now,
      idleMs: 1000,
      log: { warn: () => undefined },
    })
  })

  const touch = (pipeline: string, password: string) =>
    connections.use(pipeline, address(password), async () => undefined)

  it('are opened once and used again', async () => {
    await touch('a', 'x')
    await touch('a', 'x')
    await touch('b', 'x')
    expect(opened).to.have.length(2)
    expect(closed).to.deep.equal([])
  })

  it('are opened anew when the Secret changes, and the old ones closed', async () => {
    await touch('a', 'x')
    await touch('a', 'y')
    await connections.closeAll()
    expect(opened.map(url => url.includes(':y@'))).to.deep.equal([false, true])
    expect(closed.filter(entry => entry.startsWith('database'))).to.have.length(2)
  })

  it('stay open under whoever still uses them', async () => {
    const gate = Promise.withResolvers<void>()
    const using = connections.use('a', address('x'), () => gate.promise)
    await touch('a', 'y')
    expect(closed, 'the old one is in use').to.deep.equal([])
    gate.resolve()
    await using
    expect(closed).to.have.members(['database postgresql://user:x@localhost/db', 'vectors postgresql://user:x@localhost/db']) // prettier-ignore
  })

  it('are closed when nobody has used them for long, and not while somebody does', async () => {
    const gate = Promise.withResolvers<void>()
    const using = connections.use('busy', address('x'), () => gate.promise)
    await touch('idle', 'x')
    now = 999
    connections.closeIdle()
    expect(connections.size).to.equal(2)
    now = 1000
    connections.closeIdle()
    expect(connections.size).to.equal(1)
    gate.resolve()
    await using
  })

  it('are forgotten with their pipeline', async () => {
    await touch('a', 'x')
    connections.forget('a')
    connections.forget('never-was')
    expect(connections.size).to.equal(0)
    expect(closed).to.have.length(2)
  })
})

describe('faults of stores', () => {
  it('tell whether waiting helps, in words for a condition', () => {
    const refusedByServer = Object.assign(new Error('password authentication failed'), { code: '28P01' })
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    expect(storeFault(away)).to.include({ store: 'database', reason: 'Unreachable' })
    expect(storeFault(refusedByServer)).to.include({ store: 'database', reason: 'AccessRefused' })
    expect(storeFault(new VectorStoreUnavailable('qdrant is away'))).to.include({ store: 'vectors', reason: 'Unreachable' }) // prettier-ignore
    expect(storeFault(new VectorStoreUnavailable('no', { why: 'refused' }))).to.include({ store: 'vectors', reason: 'AccessRefused' }) // prettier-ignore
    expect(storeFault(new VectorStoreUnavailable('busy', { why: 'overloaded', retryAfterMs: 30_000 }))).to.deep.equal({ store: 'vectors', reason: 'OutOfResources', message: 'busy', retryAfterMs: 30_000 }) // prettier-ignore
    const full = Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' })
    expect(storeFault(full)).to.include({ store: 'database', reason: 'OutOfResources', message: full.message })
    expect(storeFault(new InvalidAddress('none'))).to.include({ reason: 'InvalidAddress' })
    expect(storeFault(new TypeError('a fault of ours'))).to.equal(null)
  })

  it('have a message also when a host has several addresses', () => {
    const each = ['::1', '127.0.0.1'].map(host => new Error(`connect ECONNREFUSED ${host}`))
    const error = Object.assign(new AggregateError(each), { code: 'ECONNREFUSED' })
    expect(storeFault(error)?.message).to.equal('connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1')
  })

  it('are told without the address that a Secret holds', () => {
    const open = () => openStores({ ...address('x'), database: { url: 'nonsense with hunter2' } })
    expect(open).to.throw(InvalidAddress).with.property('message').that.does.not.contain('hunter2')
  })
})
