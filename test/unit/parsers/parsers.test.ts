import { expect } from 'chai'
import { describe, it } from 'mocha'
import { detectParser, parseDocument } from '../../../api/ingestion/parsers/index.ts'
import { UnreadableDocument, UnsupportedDocument } from '../../../api/ingestion/parsers/parser.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const parseAs = (filename: string, text: string) => parseDocument(bytes(text), { filename })

describe('parsing markdown', () => {
  it('finds headings of both kinds where they stand, and nowhere else', async () => {
    const text = [
      '# Install *fast*',
      'Intro.',
      '```sh',
      '# a comment in code',
      '```',
      '    # indented code',
      '> # in a quote',
      '',
      'On `Debian`',
      '---',
      'Text.',
      '### Deep [link](http://x) &amp; more',
      '- item',
      '',
      'End',
      '===',
    ].join('\r\n')
    const { text: kept, sections, title } = await parseAs('a.md', text)
    expect(kept).to.equal(text)
    expect(sections).to.deep.equal([
      { start: 0, headings: ['Install fast'] },
      { start: text.indexOf('On `Debian`'), headings: ['Install fast', 'On Debian'] },
      { start: text.indexOf('### Deep'), headings: ['Install fast', 'On Debian', 'Deep link & more'] },
      { start: text.indexOf('End'), headings: ['End'] },
    ])
    expect(title).to.equal('Install fast')
  })

  it('takes the title of front matter, and no headings from it', async () => {
    const text = '---\ntitle: "Handbook: part 1"\n# a comment\n---\n\n# First\ntext'
    const document = await parseAs('a.md', text)
    expect(document.title).to.equal('Handbook: part 1')
    expect(document.sections).to.deep.equal([{ start: text.indexOf('# First'), headings: ['First'] }])
    expect((await parseAs('b.md', '---\njust a line\n---\n\ntext')).title).to.equal('just a line')
  })
})

describe('parsing HTML', () => {
  it('gives the text that a reader came for', async () => {
    const page = `<!DOCTYPE html><html><head><title>Key  rotation &ndash; Docs</title><style>p{}</style></head><body>
      <nav><a href="/">Home</a></nav>
      <main><h1>Rotate
        keys</h1><p>Run <code>rotate</code>&nbsp;now,<br>or <b>later</b>.</p>
      <ul><li>first</li><li><p>second</p></li></ul>
      <h2>Table</h2><table><tr><th>Name</th><th>Age</th></tr><tr><td>key</td><td>3</td></tr></table>
      <pre>line 1\n  line 2</pre><script>alert("x")</script><p hidden>secret</p></main>
      <footer>Imprint</footer></body></html>`
    const { text, title, sections } = await parseAs('a.html', page)
    expect(text).to.equal(
      'Rotate keys\n\nRun rotate\u00a0now,\nor later.\n\n- first\n- second\n\nTable\n\nName | Age\nkey | 3\n\nline 1\n  line 2',
    )
    expect(title).to.equal('Key rotation – Docs')
    expect(sections).to.deep.equal([
      { start: 0, headings: ['Rotate keys'] },
      { start: text.indexOf('Table'), headings: ['Rotate keys', 'Table'] },
    ])
  })

  it('reads the encoding that the page declares, and Windows-1252 when it declares none', async () => {
    const page = (head: string, body: number[]) =>
      Buffer.concat([Buffer.from(`<html><head>${head}</head><body>`), Buffer.from(body), Buffer.from('</body></html>')])
    const read = async (head: string, body: number[]) => (await parseDocument(page(head, body), {})).text
    expect(await read('<meta charset="shift_jis">', [0x93, 0xfa, 0x96, 0x7b])).to.equal('日本')
    expect(await read('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', [0xe4])).to.equal('ä')
    expect(await read('', [0xfc, 0x80])).to.equal('ü€')
    const error = await read('<meta charset="klingon">', [0x61]).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(UnreadableDocument)
    expect((error as Error).message).to.include('"klingon"')
  })
})

describe('broken and foreign files', () => {
  const refusal = async (file: Uint8Array, filename = 'a.txt') =>
    parseDocument(file, { filename }).then(
      () => expect.fail('was read'),
      (error: unknown) => error as Error,
    )

  it('says at which byte UTF-8 breaks', async () => {
    const file = Buffer.concat([bytes('Gr\u00fc\ufffd\u00dfe '), Buffer.from([0xe4]), bytes(' rest')])
    const error = await refusal(file)
    expect(error).to.be.instanceOf(UnreadableDocument)
    expect(error.message)
      .to.include(`byte ${bytes('Gr\u00fc\ufffd\u00dfe ').length} `)
      .and.include('save it as UTF-8')
  })

  it('names a format that it does not read, whatever the file is called', async () => {
    const old = await refusal(Buffer.from('d0cf11e0a1b11ae1', 'hex'))
    expect(old).to.be.instanceOf(UnsupportedDocument)
    expect(old.message).to.include('CFB').and.include('password')
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
    expect((await refusal(png, 'a.md')).message).to.include('PNG')
    expect(await refusal(Buffer.from('504b0304140000000800', 'hex'))).to.be.instanceOf(UnsupportedDocument)
  })

  it('tells binary data and UTF-16 without a mark from text', async () => {
    expect((await refusal(Buffer.from('text without a mark', 'utf16le'))).message).to.include('UTF-16')
  })
})

describe('detecting the format', () => {
  const format = async (text: string, hint: { filename?: string; mediaType?: string } = {}) =>
    (await detectParser(bytes(text), hint)).format

  it('believes content first, then the media type, then the name', async () => {
    expect(await format('<!-- c --><!DOCTYPE html><p>x', { filename: 'a.txt', mediaType: 'text/plain' })).to.equal(
      'html',
    )
    expect(await format('\ufeff <?xml version="1.0"?><html lang="en"><p>x')).to.equal('html')
    expect(await format('plain', { filename: 'a.txt', mediaType: 'text/markdown; charset=utf-8' })).to.equal('markdown')
    expect(await format('plain', { filename: 'README.MD', mediaType: 'text/plain' })).to.equal('markdown')
    expect(await format('<p>x</p>', { filename: 'a.htm' })).to.equal('html')
    expect(await format('# h\n\n## i\n', { filename: 'a.txt' })).to.equal('text')
    expect(await format('{"a": 1}', { mediaType: 'application/json' })).to.equal('json')
    expect(await format('a,b\n1,2\n', { filename: 'table.csv', mediaType: 'text/plain' })).to.equal('csv')
    expect(await format('<?xml version="1.0"?><feed/>')).to.equal('text')
  })

  it('knows Markdown without being told, and takes no script for it', async () => {
    expect(await format('# Title\n\nSome **bold** text', { mediaType: 'text/plain' })).to.equal('markdown')
    expect(await format('# one comment\nimport os\nprint(1)\n')).to.equal('text')
    expect(await format('Just a note.')).to.equal('text')
  })

  it('knows JSON and mails without being told, and takes no prose for them', async () => {
    expect(await format('{"id": 1, "text": "x"}\n{"id": 2}')).to.equal('json')
    expect(await format(' [1, 2, 3]')).to.equal('json')
    expect(await format('[1] Smith, Pumps and seals. [2] Jones.')).to.equal('text')
    expect(await format('{curly} braces in prose')).to.equal('text')
    expect(await format('From: a@example.org\r\nMIME-Version: 1.0\r\n\r\nHello')).to.equal('eml')
    expect(await format('Note: this\nTo: do\n\nis a list')).to.equal('text')
  })
})
