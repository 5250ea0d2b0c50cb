import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Source, joined } from '../../../api/answering/answer.ts'
import { extractivePieces } from '../../../api/answering/extractive.ts'
import { termWeight } from '../../../api/answering/term-weight.ts'
import { analyze, tokenize } from '../../../api/retrieval/bm25/analyzer.ts'

function source(id: string, text: string, context: string[] = []): Source {
  return { chunkId: `chunk-${id}`, documentId: `document-${id}`, text, context }
}

const backups = source(
  'backups',
  '## Backups\n\nEvery night a snapshot of the database is taken. Snapshots are kept for\nthirty days. Restoring one takes about ten minutes.',
)
const keys = source('keys', 'API keys expire after ninety days. An administrator can revoke a key at any time.')
const lunch = source('lunch', 'The canteen opens at noon. On Fridays there is fish.')
const corpus = [backups, keys, lunch]

/** Statistics over the sources themselves, as ingestion would keep them. */
function statisticsOf(sources: readonly Source[]) {
  const frequencies = new Map<number, number>()
  for (const { text } of sources) {
    for (const term of analyze(text).terms.keys()) frequencies.set(term, (frequencies.get(term) ?? 0) + 1)
  }
  return { chunkCount: sources.length, frequencyOf: (term: number) => frequencies.get(term) ?? 0 }
}

const ask = (question: string, sources: readonly Source[] = corpus) =>
  joined(extractivePieces(question, sources, tokenize, termWeight(statisticsOf(corpus))))

const quoted = (answer: ReturnType<typeof ask>, sources: readonly Source[] = corpus) =>
  answer.citations.map(({ index, span }) => sources[index - 1]!.text.slice(span.start, span.end))

describe('extractive answers', () => {
  it('quote the sentence that answers, with the number of its source', () => {
    const answer = ask('When do API keys expire?')
    expect(answer.status).to.equal('supported')
    expect(answer.text).to.match(/^API keys expire after ninety days\. \[2\]/)
    expect(answer.citations[0]).to.deep.equal({
      index: 2,
      chunkId: 'chunk-keys',
      documentId: 'document-keys',
      span: { start: 0, end: 34 },
    })
  })

  it('have spans that are the sentence itself, and write a wrapped one on one line', () => {
    const answer = ask('How long are snapshots kept?')
    expect(quoted(answer)[0]).to.equal('Snapshots are kept for\nthirty days.')
    expect(answer.text).to.contain('Snapshots are kept for thirty days. [1]')
  })

  it('never quote a heading', () => {
    expect(quoted(ask('backups database snapshot'))).not.to.include('Backups')
  })

  it('say that there is nothing rather than quoting what does not fit', () => {
    for (const question of [
      'What is the capital of Mongolia?',
      'How do I configure the espresso machine of the database?',
    ]) {
      expect(ask(question)).to.deep.include({ status: 'insufficient_evidence', citations: [] })
    }
    expect(ask('What?').status).to.equal('insufficient_evidence')
    expect(ask('When do API keys expire?', []).status).to.equal('insufficient_evidence')
  })

  it('do not answer a question with the question', () => {
    const faq = source('faq', 'When do API keys expire?\n\nAPI keys expire after a quarter.')
    expect(quoted(ask('When do API keys expire?', [faq]), [faq])).to.deep.equal(['API keys expire after a quarter.'])
  })

  it('do not answer with an example that asks the question', () => {
    const example = source(
      'example',
      '```sh\ncurl -d \'{"query": "When do API keys expire?"}\'\n```\n\nAPI keys expire soon.',
    )
    expect(quoted(ask('When do API keys expire?', [example]), [example])).to.deep.equal(['API keys expire soon.'])
    // A question in a few words is no repetition where they occur.
    expect(quoted(ask('API keys expire', [example]), [example])).to.include('API keys expire soon.')
  })

  it('quote a row of a table whole, and write it without its bars', () => {
    const table = source(
      'table',
      '| key | lasts |\n| --- | ----- |\n| `API keys` | Ninety days. Then they expire. |  |',
    )
    const answer = ask('When do API keys expire?', [table])
    expect(answer.text).to.equal('`API keys` · Ninety days. Then they expire. [1]')
    expect(quoted(answer, [table])).to.deep.equal(['| `API keys` | Ninety days. Then they expire. |  |'])
  })

  it('use what title and headings say of a sentence, but not alone', () => {
    const restore = source('restore', 'It takes ten minutes. Coffee helps.', ['Restoring snapshots'])
    const answer = ask('How many minutes does restoring snapshots take?', [restore])
    expect(quoted(answer, [restore])).to.deep.equal(['It takes ten minutes.'])
    const empty = source('empty', 'Coffee helps.', ['Restoring snapshots'])
    expect(ask('How many minutes does restoring snapshots take?', [empty]).status).to.equal('insufficient_evidence')
  })

  it('say a sentence once although overlapping chunks repeat it', () => {
    const again = source('again', 'API keys expire after ninety days.')
    expect(ask('When do API keys expire?', [keys, again]).text.match(/ninety/g)).to.have.length(1)
  })

  it('work in Chinese', () => {
    const chinese = source('zh', '备份每天夜里进行。密钥在九十天后过期。午餐在中午。')
    expect(quoted(ask('密钥多少天后过期？', [chinese]), [chinese])).to.deep.equal(['密钥在九十天后过期。'])
  })
})
