import { expect } from 'chai'
import { describe, it } from 'mocha'
import { markdownChunker } from '../../../api/ingestion/chunkers/markdown.ts'
import { parseDocument } from '../../../api/ingestion/parsers/index.ts'

async function chunk(text: string, chunkSize = 200, chunkOverlap = 0) {
  const document = await parseDocument(new TextEncoder().encode(text), { filename: 'a.md' })
  return markdownChunker.chunk(document, { chunker: 'markdown', chunkSize, chunkOverlap, longest: Infinity })
}

const prose = (words: number) => 'Some words of text. '.repeat(words / 4).trim()

describe('chunkers/markdown', () => {
  it('keeps sections apart, also small ones, and knows their headings', async () => {
    const chunks = await chunk(`Before.\n\n# One\n\nFirst.\n\n## Two\n\nSecond.\n\nThree\n---\nThird.`)
    expect(chunks.map(({ text }) => text)).to.deep.equal(['Before.', '# One\n\nFirst.', '## Two\n\nSecond.', 'Three\n---\nThird.']) // prettier-ignore
    expect(chunks.map(({ headings }) => headings)).to.deep.equal([[], ['One'], ['One', 'Two'], ['One', 'Three']])
  })

  it('puts a heading without text to the section below it', async () => {
    const chunks = await chunk('# Manual\n\n## Install\n\nOn Debian\n---\n\nRun it.\n\n# End')
    expect(chunks.map(({ text }) => text)).to.deep.equal([
      '# Manual\n\n## Install\n\nOn Debian\n---\n\nRun it.',
      '# End',
    ])
  })

  it('does not split code and tables that fit', async () => {
    const code = '```sh\n# no heading\n\nnpm ci\n\nnpm start\n```'
    const table = '| key | value |\n|---|---|\n| a | 1 |\n| b | 2 |'
    for (let words = 4; words <= 60; words += 4) {
      const chunks = await chunk(`# T\n\n${prose(words)}\n\n${code}\n\n${prose(words)}\n\n${table}\n\n${prose(36)}`)
      for (const whole of [code, table])
        expect(
          chunks.filter(({ text }) => text.includes(whole)),
          `${words} words, ${whole}`,
        ).to.have.length(1)
    }
  })

  it('splits code that does not fit between its lines', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => `const value${index} = compute(${index}); // a, b. c`)
    const chunks = await chunk(`# T\n\n\`\`\`js\n${lines.join('\n')}\n\`\`\``)
    expect(chunks.length).to.be.greaterThan(5)
    for (const { text } of chunks)
      for (const line of text.split('\n')) expect(['# T', '', '```js', '```', ...lines]).to.include(line)
  })

  it('is not led astray by a mark of another kind or length inside of code', async () => {
    const code = '````md\n```js\n# x\n~~~\n```\n\nmore\n````'
    for (let words = 4; words <= 60; words += 4) {
      const chunks = await chunk(`${prose(words)}\n\n${code}\n\n${prose(32)}`)
      expect(
        chunks.filter(({ text }) => text.includes(code)),
        `${words} words`,
      ).to.have.length(1)
    }
  })
})
