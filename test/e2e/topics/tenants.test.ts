import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type Tenant } from '../../../operator/observe/resources.ts'
import { eventually } from '../../support/eventually.ts'
import { covers } from '../support/coverage.ts'
import { changeDemo } from '../support/demo.ts'
import { apply, kubectl, read } from '../support/kubectl.ts'
import { restrictedNamespace } from '../support/operator.ts'
import { Team } from '../support/team.ts'

const GUESTS = 'guests'

describe('a tenant', () => {
  let team: Team
  before(async function () {
    this.timeout(400_000)
    team = await Team.of({ name: 'team' })
    await team.arrives()
  })

  it('was shown to be isolated from its neighbours', async () => {
    const { status } = await tenant(team)
    const verified = status?.conditions?.find(({ type }) => type === 'IsolationVerified')
    expect(verified).to.include({ status: 'True', reason: 'Refused' })
    expect(verified?.message).to.match(/^each of \d\d attempts to reach .+ was refused$/)
    expect(status?.isolationVerifiedAt).to.be.a('string')
    covers('tenant-isolation')
  })

  it('has keys that are rotated by annotation and minted again when their Secret is lost', async () => {
    const first = await team.key()
    await kubectl(['annotate', 'ragtenant', team.name, '--namespace', team.namespace, 'selfrag.io/rotate-keys=today'])
    const second = await replaced(first)
    await team.soon(second, 200)
    expect(await team.status(first), 'in its overlap').to.equal(200)
    await kubectl(['delete', 'secret', team.secret, '--namespace', team.namespace])
    await team.soon(second, 401)
    await team.soon(await replaced(second), 200)
    const { status } = await tenant(team)
    expect(JSON.stringify(status)).to.not.contain(second)
    covers('tenant-keys')
  })

  // After all others that ask with this team's keys: a replica may hold to a rate limit for some seconds more.
  it('is suspended and limited within seconds', async () => {
    const key = await team.key()
    await team.soon(key, 200)
    await team.change({ suspended: true })
    await team.soon(key, 403)
    await team.change({ suspended: false })
    await team.soon(key, 200)
    await team.change({ quotas: { requestsPerMinute: 1 } })
    await team.soon(key, 429)
    await team.change({ quotas: { requestsPerMinute: -1, knowledgeBases: 1 } })
    await team.soon(key, 200)
    // Another replica may hold to the rate limit for some seconds more.
    await eventually(async () => {
      const second = await team.request('/v1/knowledge-bases', { name: 'one too many' })
      expect(second.status).to.equal(403)
      expect(second.body).to.include({ code: 'QUOTA_EXCEEDED' })
    })
    covers('tenant-limits')
  })

  it('of another namespace is let in, cut off, and let in again with the same key', async function () {
    this.timeout(120_000)
    await apply(restrictedNamespace(GUESTS))
    const guest = await Team.of({ name: 'guest', namespace: GUESTS })
    await guest.apply()
    await becomes(guest, 'False', 'NamespaceNotAllowed')
    await allow([GUESTS])
    await becomes(guest, 'True')
    const key = await guest.key()
    await guest.soon(key, 200)
    await allow([])
    await becomes(guest, 'False', 'NamespaceNotAllowed')
    await guest.soon(key, 403)
    await allow([GUESTS])
    await guest.soon(key, 200)
    await guest.leaves()
    await allow([])
    covers('tenant-namespaces')
  })

  async function becomes({ name, namespace }: Team, status: string, reason?: string): Promise<void> {
    await eventually(
      async () => {
        const found = await read<Tenant>('ragtenant', name, namespace)
        const ready = found.status?.conditions?.find(({ type }) => type === 'Ready')
        expect(ready).to.include({ status, ...(reason ? { reason } : {}) })
      },
      40_000,
      500,
    )
  }

  async function replaced(before: string): Promise<string> {
    return eventually(
      async () => {
        const now = await team.key()
        expect(now).not.to.equal(before)
        return now
      },
      20_000,
      250,
    )
  }

  function allow(namespaces: readonly string[]): Promise<void> {
    return changeDemo({ allowedTenantNamespaces: namespaces })
  }

  function tenant({ name, namespace }: Team): Promise<Tenant> {
    return read<Tenant>('ragtenant', name, namespace)
  }
})
