import { expect } from 'chai'
import { describe, it } from 'mocha'
import { embeddingText } from '../../../api/ingestion/embedding-text.ts'

const chunk = { text: 'It must not be exceeded.', title: 'Pump P-7', headings: ['Limits', 'Pressure'] }

describe('embedding text', () => {
  it('puts title and headings before the text', () => {
    expect(embeddingText(chunk)).to.equal('Pump P-7 > Limits > Pressure\nIt must not be exceeded.')
  })

  it('leaves out headings that the chunk opens with, in upper or lower case and with other spaces', () => {
    const text = '## LIMITS\n\nPump  P-7 must not run dry.'
    expect(embeddingText({ ...chunk, text })).to.equal(`Pump P-7 > Pressure\n${text}`)
  })

  it('says a title once that is a heading too', () => {
    expect(embeddingText({ ...chunk, headings: ['Pump P-7'] })).to.equal(`Pump P-7\n${chunk.text}`)
  })

  it('gives the text as it is without titles', () => {
    expect(embeddingText({ text: ' a ', title: ' ', headings: [] })).to.equal(' a ')
  })

  it('shortens rules, of which the model reads every dash', () => {
    const table = '| name           | port |\n| -------------- | ---- |\n| api            | 8020 |'
    const text = `${table}\n\n*****\n\nChapter 1 ........ 12, see --dry-run`
    expect(embeddingText({ text, title: '', headings: [] })).to.equal(
      '| name           | port |\n| --- | --- |\n| api            | 8020 |\n\n***\n\nChapter 1 ... 12, see --dry-run',
    )
  })

  it('gives way to the text when the model reads no more', () => {
    expect(embeddingText(chunk, { characters: chunk.text.length + 5 })).to.equal(`Pump\n${chunk.text}`)
    expect(embeddingText(chunk, { characters: chunk.text.length })).to.equal(chunk.text)
    expect(embeddingText(chunk, { characters: 3 })).to.equal(chunk.text)
  })

  it('keeps what stands before the text within its own tokens', () => {
    const header = { most: 10, count: (text: string) => text.length }
    expect(embeddingText(chunk, { characters: Infinity, header })).to.equal(`Pump P-7 >\n${chunk.text}`)
  })

  it('cuts no character in half', () => {
    const header = embeddingText({ text: 'x', title: '😀'.repeat(200), headings: [] }, { characters: 8 }).split(
      '\n',
    )[0]!
    expect(header.isWellFormed()).to.equal(true)
    expect(header.length).to.be.at.most(6)
  })
})
