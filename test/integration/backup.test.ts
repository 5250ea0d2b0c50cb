import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { MANIFEST } from '../../api/backup/manifest.ts'
import type { Place } from '../../api/backup/places/index.ts'
import { readManifest } from '../../api/backup/restore-backup.ts'
import { prune } from '../../api/backup/take-backup.ts'
import { verifyBackup } from '../../api/backup/verify-backup.ts'
import { importTenant } from '../../api/backup/import-tenant.ts'
import { parseBackupConfiguration } from '../../api/contract/backup.ts'
import { readLastBackup } from '../../api/stores/postgres/last-backup.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { findTenantBySlug } from '../../api/stores/postgres/tenants.ts'
import { backup, backupFolder, folderPlace, restore, run, silent, storesOf } from '../support/backups.ts'
import { destroyStores } from '../support/destroy-stores.ts'
import { eventually } from '../support/eventually.ts'
import { IngestionBench, provision, realStores } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'
import { postgres } from '../support/postgres.ts'

const SECRET = 'The vault opens with 4711.'

describe('backup and restore', function () {
  this.timeout(120_000)
  let bench: IngestionBench
  let folder: string
  let place: Place
  let document: string

  beforeEach(async function () {
    bench = await IngestionBench.open(await orSkip(this, realStores()))
    await bench.startWorker()
    document = (await bench.add(SECRET)).document_id
    await bench.until(document, 'ready')
    folder = await backupFolder()
    place = folderPlace(folder)
  })
  afterEach(async () => {
    await bench?.close()
  })

  const environment = () => bench.stores.environment
  const names = async () => (await readdir(folder)).sort()
  const destroy = () => destroyStores({ database: bench.database, vectors: bench.vectors.inner }, bench.stores.prefix)
  const restoredText = async () => (await bench.rows<{ text: string }>('chunks')).map(({ text }) => text)
  /** Backups are named after the second in which they begin. */
  const nextSecond = () => new Promise(resolve => setTimeout(resolve, 1010 - (Date.now() % 1000)))
  const messageOf = (work: Promise<unknown>) => work.then(() => 'no error', (error: Error) => `${error.name}: ${error.message}`) // prettier-ignore

  /** A place in which the nth write fails, or is changed. */
  const broken = (nth: number, how: 'fails' | 'damages'): Place => {
    let writes = 0
    return {
      about: place.about,
      read: path => place.read(path),
      list: () => place.list(),
      remove: name => place.remove(name),
      write: async (path, content) => {
        if (++writes !== nth) return place.write(path, content)
        if (how === 'damages') {
          await content.resume().toArray()
          return place.write(path, Readable.from([Buffer.from('something else')]))
        }
        content.destroy()
        throw new Error('the disk is full')
      },
    }
  }

  it('an interrupted backup never takes the place of a good one, and is cleared away', async () => {
    const good = await backup(environment(), place)
    for (const nth of [1, 5, 12]) {
      await nextSecond()
      expect(await messageOf(backup(environment(), broken(nth, 'fails')))).to.equal('Error: the disk is full')
      expect(await names(), `write ${nth}`).to.deep.equal([good.name])
    }
    // A process that was killed leaves its files.
    await place.write('selfrag-20990101T000000Z/control/tenants.copy.gz', Readable.from(['half']))
    expect((await readManifest(place, 'latest')).name).to.equal(good.name)
    expect(await messageOf(readManifest(place, 'selfrag-20990101T000000Z'))).to.include('no complete backup selfrag-20990101T000000Z; complete ones are ' + good.name) // prettier-ignore
    await prune(place, 7 * 86_400_000, new Date('2099-01-01T23:00:00Z'), silent)
    expect(await names(), 'it may still be at work').to.include('selfrag-20990101T000000Z')
    await prune(place, 7 * 86_400_000, new Date('2099-01-02T01:00:00Z'), silent)
    expect(await names(), 'and the last good one stays, however old').to.deep.equal([good.name])
  })

  it('a file that is not what was written is noticed before the backup counts', async () => {
    expect(await messageOf(backup(environment(), broken(4, 'damages')))).to.match(/^BackupDamaged: .*is not what was written/) // prettier-ignore
    expect(await names()).to.deep.equal([])
  })

  it('a flipped byte is noticed before anything is touched', async () => {
    const { name, files } = await backup(environment(), place)
    const victim = files.find(({ path }) => path.includes('chunks.copy'))?.path ?? ''
    const bytes = await readFile(join(folder, name, victim))
    bytes[20]! ^= 1
    await writeFile(join(folder, name, victim), bytes)
    expect(await messageOf(restore(environment(), place, { replace: true }))).to.match(/^BackupDamaged: .*chunks\.copy/)
    expect(await restoredText(), 'what was there is there').to.deep.equal([SECRET])
    await rm(join(folder, name, victim))
    expect(await messageOf(restore(environment(), place, { replace: true }))).to.match(
      /^BackupDamaged: .*cannot be read/,
    )
  })

  it('an encrypted backup tells nobody anything without its passphrase', async () => {
    const passphrase = 'correct horse battery staple'
    const { name, files } = await backup(environment(), place, { passphrase })
    for (const { path } of files) {
      const bytes = await readFile(join(folder, name, path))
      expect(bytes.includes('vault'), path).to.equal(false)
      expect(bytes.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b])), `${path} is no gzip`).to.equal(false)
    }
    expect(await messageOf(restore(environment(), place, { replace: true, passphrase: 'wrong horse battery staple' }))).to.include('encrypted with another passphrase') // prettier-ignore
    expect(await messageOf(restore(environment(), place, { replace: true }))).to.include('set BACKUP_ENCRYPTION_KEY')
    await destroy()
    await restore(environment(), place, { passphrase })
    expect(await restoredText()).to.deep.equal([SECRET])
  })

  it('refuses to restore over what is there, unless told to replace it', async () => {
    await backup(environment(), place)
    const later = await bench.add('Written after the backup.')
    await bench.until(later.document_id, 'ready')
    expect(await messageOf(restore(environment(), place))).to.match(/^RestoreRefused: the database is not empty: it has the schemas selfrag, tenant_acme/) // prettier-ignore
    const restored = await restore(environment(), place, { replace: true })
    expect(restored).to.include({ tenants: 1, documents: 1, incomplete: 0 })
    expect(await restoredText()).to.deep.equal([SECRET])
    expect(await bench.points(later.document_id)).to.equal(0)
  })

  it('what changed between rows and vectors comes right', async () => {
    const second = await bench.add('A second document, whose points get lost.')
    await bench.until(second.document_id, 'ready')
    await backup(environment(), place)
    await destroy()
    await restore(environment(), place)
    await bench.vectors.inner.delete(bench.scope.vectors(), { documentId: second.document_id })
    // As if it had been deleted while the snapshot was taken.
    await nextSecond()
    await backup(environment(), place)
    const restored = await restore(environment(), place, { replace: true })
    expect(restored).to.include({ incomplete: 1, orphans: 0 })
    await eventually(async () => expect(await bench.points(second.document_id)).to.equal(1), 20_000)
    await bench.until(second.document_id, 'ready')
  })

  it('a trial restores into a scratch place, compares, and leaves nothing behind', async () => {
    await backup(environment(), place)
    const scratch = await (await postgres()).createDatabase()
    const parsed = parseBackupConfiguration({ BACKUP_DESTINATION: folder, BACKUP_SCRATCH_DATABASE_URL: scratch.url })
    if (!parsed.ok) throw new Error(parsed.faults.join())
    const { configuration, ...stores } = storesOf(environment())
    try {
      const trial = { configuration, backup: parsed.configuration, place, log: silent }
      const found = await verifyBackup(trial, await readManifest(place, 'latest'))
      expect(found).to.include({ tenants: 1, documents: 1, points: 1, incomplete: 0, orphans: 0 })
      expect(await stores.vectors.collections.list('selfrag_verify_')).to.deep.equal([])
      const left = storesOf({ ...environment(), DATABASE_URL: scratch.url })
      const { rows } = await left.database.raw<{ rows: { nspname: string }[] }>(`SELECT nspname FROM pg_namespace WHERE nspname ~ '^(selfrag|tenant)'`) // prettier-ignore
      await left.close()
      expect(rows).to.deep.equal([])
      const without = { ...trial, backup: { ...parsed.configuration, BACKUP_SCRATCH_DATABASE_URL: undefined } }
      expect(await messageOf(verifyBackup(without, await readManifest(place, 'latest')))).to.include('lacks CREATEDB')
    } finally {
      await stores.close()
      await scratch.drop()
    }
    expect(await restoredText(), 'what is in use was not touched').to.deep.equal([SECRET])
  })

  it('one tenant is exported, and imported into another pipeline that has tenants of its own', async () => {
    await provision(bench.stores, bench.database, bench.vectors.inner, 'other')
    const exported = await backup(environment(), place, { tenant: 'acme' })
    expect(exported.tenants.map(({ slug }) => slug)).to.deep.equal(['acme'])
    expect(exported.files.map(({ path }) => path).join())
      .to.not.include('other')
      .and.not.include('audit_log')
      .and.not.include('snapshot')

    const target = await IngestionBench.open(await realStores())
    try {
      const run = { database: target.database, place, passphrase: undefined, collectionPrefix: target.stores.prefix, log: silent } // prettier-ignore
      const manifest = await readManifest(place, 'latest')
      expect(await messageOf(importTenant(run, manifest, 'acme'))).to.include('has a tenant acme already')
      expect(await messageOf(importTenant(run, manifest, 'zoo'))).to.include('has no tenant zoo; it has acme')
      await destroyStores({ database: target.database, vectors: target.vectors.inner }, target.stores.prefix)
      await provision(target.stores, target.database, target.vectors.inner, 'resident')
      expect(await importTenant(run, manifest, 'acme')).to.equal(1)
      await target.startWorker()
      const row = await findTenantBySlug(target.database, 'acme')
      expect(row).to.include({ managed_by: 'api', collection: `${target.stores.prefix}_shared`, isolation: 'Shared' })
      const scope = new TenantScope(row!)
      await eventually(async () => expect(await target.vectors.inner.count(scope.vectors(), { all: true })).to.equal(1), 20_000) // prettier-ignore
      const chunks = await inTenant(target.database, scope, ({ sql }) => sql('chunks').pluck<string[]>('text'))
      expect(chunks).to.deep.equal([SECRET])
    } finally {
      await target.close()
    }
  })

  it('lists, and says in one line what is wrong', async () => {
    const settings = { ...environment(), BACKUP_DESTINATION: folder }
    expect((await run('backup', [], settings)).code).to.equal(0)
    expect((await run('backup', ['--list'], settings)).stdout).to.match(/^selfrag-\d{8}T\d{6}Z {2}complete\n$/)
    // For the alert that a backup is missing.
    expect((await readLastBackup(bench.database))?.name).to.equal((await names())[0])
    const missing = await run('backup', [], environment())
    expect(missing).to.include({ code: 1, stderr: 'BACKUP_DESTINATION: must be set\n' })
    const unknown = await run('restore', ['--everything'], settings)
    expect(unknown.code).to.equal(1)
    expect(unknown.stderr).to.include('usage: restore')
    const refused = await run('restore', ['latest'], settings)
    expect(refused.stderr).to.match(/^the database is not empty: .*--replace.*\n$/)
    const [name = ''] = await names()
    await rm(join(folder, name, MANIFEST))
    expect((await run('restore', ['--verify'], settings)).stderr).to.equal(`${folder} has no complete backup\n`)
  })
})
