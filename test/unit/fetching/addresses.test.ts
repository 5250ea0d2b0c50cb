import { expect } from 'chai'
import { describe, it } from 'mocha'
import { AllowedHosts } from '../../../api/fetching/allowed-hosts.ts'
import { isPublicAddress } from '../../../api/fetching/public-address.ts'
import { checkUrl, fileNameOf, publicPart, redirectOf } from '../../../api/fetching/target.ts'

describe('addresses that documents may be fetched from', () => {
  const refused = [
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1', 'fec0::1'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['link-local, with the metadata of clouds', '169.254.169.254', '169.254.170.2', 'fe80::1'],
    ['metadata elsewhere', '100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254'],
    ['unspecified, broadcast, multicast', '0.0.0.0', '::', '255.255.255.255', '224.0.0.1', 'ff02::1'],
    ['carrier-grade NAT, benchmarks, examples, reserved', '100.64.0.1', '198.18.0.1', '192.0.2.1', '203.0.113.9', '240.0.0.1', '2001:db8::1'], // prettier-ignore
    ['IPv4 inside IPv6', '::ffff:10.0.0.1', '::ffff:7f00:1', '::7f00:1', '::127.0.0.1', '64:ff9b::a00:1', '2002:7f00:1::', '2001:0:1::1'], // prettier-ignore
    ['no address', '', 'localhost', '10.0.0', '8.8.8.8.8'],
  ]
  for (const [what, ...addresses] of refused)
    it(`refuse ${what}`, () => {
      for (const address of addresses) expect(isPublicAddress(address), address).to.equal(false)
    })

  it('take the internet', () => {
    for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])
      expect(isPublicAddress(address), address).to.equal(true)
  })
})

describe('AllowedHosts', () => {
  const allowed = new AllowedHosts([
    'Wiki.corp.example',
    '*.files.corp.example',
    '10.1.0.0/16',
    '192.168.7.7',
    'fd12::/32',
  ])

  it('knows names, and names below one', () => {
    for (const name of ['wiki.corp.example', 'a.files.corp.example', 'a.b.files.corp.example'])
      expect(allowed.hasName(name), name).to.equal(true)
    for (const name of ['files.corp.example', 'xwiki.corp.example', 'corp.example', '10.1.0.1'])
      expect(allowed.hasName(name), name).to.equal(false)
  })

  it('knows addresses and networks, also where IPv6 holds an IPv4 address', () => {
    for (const address of ['10.1.255.1', '192.168.7.7', '::ffff:10.1.0.1', 'fd12::5'])
      expect(allowed.hasAddress(address), address).to.equal(true)
    for (const address of ['10.2.0.1', '192.168.7.8', 'fd13::5', 'wiki.corp.example'])
      expect(allowed.hasAddress(address), address).to.equal(false)
  })
})

describe('URLs of documents', () => {
  it('have one spelling of an address', () => {
    for (const host of ['2130706433', '0x7f000001', '0177.0.0.1', '127.1', '127.0.0.1', '0x7f.1', '①②⑦.⓪.⓪.①'])
      expect(checkUrl(`http://${host}/`).hostname, host).to.equal('127.0.0.1')
    expect(checkUrl('http://[::ffff:127.0.0.1]/').hostname).to.equal('[::ffff:7f00:1]')
  })

  it('are refused with another scheme, with credentials, or when they are none', () => {
    for (const url of [
      'ftp://example.com/a',
      'file:///etc/passwd',
      'gopher://example.com',
      'data:text/plain,a',
      'http://user@example.com',
      'https://u:p@example.com',
      '/handbook',
      'http://',
      'nonsense',
    ])
      // prettier-ignore
      expect(() => checkUrl(url), url).to.throw(/^url: must /)
  })

  it('are followed where they redirect to, under the same rules', () => {
    const from = new URL('https://example.com/a/b')
    const to = (location: string | undefined, statusCode = 302) =>
      redirectOf({ statusCode, headers: { location } }, from)
    expect(to('../c')?.href).to.equal('https://example.com/c')
    expect(to('//other.example/x', 308)?.href).to.equal('https://other.example/x')
    expect(to('/elsewhere', 200)).to.equal(null)
    for (const location of [undefined, 'file:///etc/passwd', 'https://u:p@example.com/'])
      expect(() => to(location), location)
        .to.throw()
        .with.property('code', 'FETCH_FAILED')
  })

  it('name the file, never a path', () => {
    const url = new URL('https://example.com/files/Hand%20book.pdf?token=secret')
    expect(fileNameOf(url, undefined)).to.equal('Hand book.pdf')
    expect(fileNameOf(url, 'attachment; filename="../../etc/report.docx"')).to.equal('report.docx')
    expect(fileNameOf(url, "attachment; filename*=UTF-8''na%C3%AFve.txt")).to.equal('naïve.txt')
    expect(fileNameOf(new URL('https://example.com/'), undefined)).to.equal('example.com')
    expect(fileNameOf(new URL('https://example.com/%zz'), undefined)).to.equal('%zz')
    expect(publicPart(url)).to.equal('https://example.com/files/Hand%20book.pdf')
  })
})
