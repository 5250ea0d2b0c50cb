import { expect } from 'chai'
import { describe, it } from 'mocha'
import { brokenReferences } from '../../../hack/references/broken-references.ts'

const files: Record<string, string> = {
  'README.md': '# Hello\n\n## Two commands, `one` page\n',
  'docs/api.md': '# API\n',
  'api/contract/names.ts': '',
  'api/http/routes/rag.ts': '',
}
const tree = {
  paths: new Set(Object.keys(files)),
  read: (path: string) => files[path] ?? '',
  scripts: new Set(['test', 'test:unit']),
}
const mentions = (file: string, text: string) =>
  brokenReferences(file, text, tree).map(({ line, mention }) => `${line} ${mention}`)

describe('references', () => {
  it('finds paths in comments that lead nowhere, told from the root or from a folder above', () => {
    expect(mentions('api/http/routes/rag.ts', '// see hack/adr/0009-gone.md\n')).to.deep.equal([
      '1 hack/adr/0009-gone.md',
    ])
    expect(mentions('api/http/routes/rag.ts', ['x()', '/**', ' * As names.ts, not old-names.ts. */'].join('\n'))).to.deep.equal(['3 old-names.ts']) // prettier-ignore
    const known = '// api/contract/names.ts, contract/names.ts, routes/rag.ts, ./rag.ts, rag.ts'
    expect(mentions('api/http/routes/rag.ts', known)).to.deep.equal([])
  })

  it('passes over code, addresses and patterns', () => {
    const code =
      "import x from './made-up.ts'\nconst url = 'http://host/page.md' // https://host/other.md, docs/*.md, <name>.ts\n"
    expect(mentions('api/http/routes/rag.ts', code)).to.deep.equal([])
  })

  it('finds links, headings and scripts that are not there', () => {
    expect(mentions('docs/api.md', '[a](../README.md#two-commands-one-page) [b](https://x.y/z) [c](../api/http)')).to.deep.equal([]) // prettier-ignore
    expect(mentions('docs/api.md', '[a](../README.md#three)\n[b](README)\n[c](#api)')).to.deep.equal(['1 ../README.md#three', '2 README']) // prettier-ignore
    expect(mentions('docs/api.md', '`npm run -s test:unit`, `npm run test`\n`npm run tests`')).to.deep.equal([
      '2 tests',
    ])
  })
})
