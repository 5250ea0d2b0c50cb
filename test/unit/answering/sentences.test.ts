import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { isHeading, isMarkup, sentences } from '../../../api/answering/sentences.ts'

const texts = (text: string) => sentences(text).map(span => text.slice(span.start, span.end))

describe('sentences', () => {
  it('end at full stops, also of CJK text', () => {
    expect(texts('One is here. Two is there! Three?')).to.deep.equal(['One is here.', 'Two is there!', 'Three?'])
    expect(texts('第一句。第二句！第三句？')).to.deep.equal(['第一句。', '第二句！', '第三句？'])
  })

  it('go on over the line breaks of wrapped prose', () => {
    expect(texts('A key is valid\nfor ninety days. Then it\nis replaced.\n\nNext paragraph')).to.deep.equal([
      'A key is valid\nfor ninety days.',
      'Then it\nis replaced.',
      'Next paragraph',
    ])
  })

  it('leave out the mark-up that begins a block, rules and fences', () => {
    const markdown = '# Keys\nKeys rotate.\n\n- first item\n- [ ] second item\n\n---\n\n1. one\n> quoted\n'
    expect(texts(markdown)).to.deep.equal(['Keys', 'Keys rotate.', 'first item', 'second item', 'one', 'quoted'])
  })

  it('keep table rows apart and drop the line under the head', () => {
    expect(texts('| name | meaning |\n| --- | --- |\n| PORT | where it listens |')).to.deep.equal([
      '| name | meaning |',
      '| PORT | where it listens |',
    ])
    expect(texts('| a | One. Two. |')).to.deep.equal(['| a | One. Two. |'])
  })

  it('are not ended by a run-in heading', () => {
    expect(texts('**Key.** A secret that opens. More.')).to.deep.equal(['**Key.** A secret that opens.', 'More.'])
  })

  it('know rows and code, which read badly', () => {
    const text = 'Prose.\n\n| a | b |\n\n```\ncode here\n```\n\nProse again.'
    expect(sentences(text).map(span => isMarkup(text, span))).to.deep.equal([false, true, true, false])
    const half = 'the end of a row |\n\nProse.'
    expect(sentences(half).map(span => isMarkup(half, span))).to.deep.equal([true, false])
  })

  it('know headings', () => {
    const text = 'Before.\n\n## Set up\nDo this.'
    expect(sentences(text).map(span => isHeading(text, span))).to.deep.equal([false, true, false])
  })

  it('have exact spans, in order, trimmed, over any text', () => {
    const piece = fc.constantFrom(
      '# ',
      '- ',
      '| ',
      '```',
      '\n',
      '\n\n',
      '\r\n',
      ' ',
      '. ',
      '。',
      'word',
      '😀',
      '1) ',
      '> ',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'grapheme', maxLength: 6 }))), parts => {
        const text = parts.join('')
        let end = 0
        for (const span of sentences(text)) {
          expect(span.start).to.be.at.least(end)
          expect(text.slice(span.start, span.end)).to.match(/[\p{L}\p{N}]/u)
          expect(text.slice(span.start, span.end)).to.equal(text.slice(span.start, span.end).trim())
          end = span.end
        }
      }),
    )
  })
})
