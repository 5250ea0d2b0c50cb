import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { analyzerVersion } from '../../../api/contract/analyzer.ts'
import { analyze, analyzeQuestion, tokenize } from '../../../api/retrieval/bm25/analyzer.ts'
import { termId } from '../../../api/retrieval/bm25/term-id.ts'

/** Whether a question finds something in a document. */
const meet = (question: string, document: string) => {
  const { terms } = analyze(document)
  return analyzeQuestion(question).some(({ ids }) => ids.some(id => terms.has(id)))
}

describe('bm25/analyzer', () => {
  it('stems English and leaves out what says nothing', () => {
    expect(tokenize('The wings were vibrating')).to.deep.equal(['wing', 'vibrat'])
    expect(tokenize('Wing vibrations')).to.deep.equal(['wing', 'vibrat'])
    expect(tokenize("the users' and the model’s, don't")).to.deep.equal(['user', 'model', 'don'])
  })

  it('stems a document in the language that its stop words tell, and looks for a question in all of them', () => {
    for (const [question, document] of [
      ['Häuser', 'Das Haus ist alt und die Tür ist neu.'],
      ['Wie werden Datenbanken gesichert?', 'Die Datenbank wird jede Nacht auf ein Band geschrieben.'],
      ['les chevaux', 'Le cheval est dans le pré avec les autres.'],
      ['¿Qué canciones?', 'La canción que los niños cantan en la escuela.'],
      ['le montagne', 'La montagna che si vede dalla finestra è alta.'],
      ['computadores', 'O computador que não está na rede.'],
      ['bilarna', 'En bil som står på gatan och inte används.'],
      ['talojen', 'Se on talo, joka on vanha ja jossa ei asuta.'],
      ['kitapların', 'Bu kitap için bir raf ve bir de masa var.'],
      ['компьютеров', 'Компьютер стоит на столе.'],
      ['θαλασσών', 'η θάλασσα'],
      ['مكتبة', 'المكتبات'],
    ] as const)
      expect(meet(question, document), `${question} in ${document}`).to.equal(true)
    expect(tokenize('Die Häuser und die Straßen sind alt')).to.deep.equal(['de:haus', 'de:strass', 'de:alt'])
  })

  it('finds names and codes whatever language is around them', () => {
    const documents = [
      'Ask Kubernetes about it.',
      'Das ist mit Kubernetes nicht so.',
      'Avec Kubernetes, ce n’est pas le cas.',
    ]
    for (const document of documents) expect(meet('Kubernetes', document), document).to.equal(true)
    for (const document of ['Bestellen Sie bitte das Teil AB-1234/5 und nicht das andere.', 'AB-1234/5'])
      expect(meet('AB-1234/5', document), document).to.equal(true)
  })

  it('leaves the stop words of a question out as those of the language that it looks most like', () => {
    expect(analyzeQuestion('Was ist die Frist?')).to.have.length(1)
    expect(analyzeQuestion('What does die casting cost?')).to.have.length(3)
  })

  it('writes what looks different and is the same in one way', () => {
    for (const [one, other] of [
      ['Straße', 'STRASSE'],
      ['café résumé', 'cafe\u0301 resume'],
      ['ＡＢ－１２', 'ab-12'],
      ['ﾃﾞｰﾀﾍﾞｰｽ', 'データベース'],
      ['Ελλάς', 'ΕΛΛΑΣ'],
      ['ёлка', 'ЕЛКА'],
      ['العَرَبِيّة', 'العربية'],
      ['co\u00adoperate', 'cooperate'],
      ['10\u201112', '10-12'],
    ] as const)
      expect(tokenize(one), one).to.deep.equal(tokenize(other))
  })

  it('finds codes and numbers whole, in parts and written in another way', () => {
    for (const [question, document] of [
      ['AB-1234/5', 'Order part AB-1234/5 today.'],
      ['1234', 'Order part AB-1234/5 today.'],
      ['ISO9001', 'certified by ISO 9001'],
      ['ISO 9001', 'certified by ISO9001'],
      ['1.2.3', 'since v1.2.3.'],
      ['v1.2.3', 'since v1.2.3'],
      ['0x1F', 'at address 0x1f!'],
      ['1234567', 'costs 1,234,567 euros'],
      ['10 mm', 'a 10mm bolt'],
      ['220 V', 'runs on 220V'],
      ['5 GHz', 'the 5GHz band'],
      ['P200', 'mount the pump P-200'],
      ['c++', 'written in C++, mostly'],
      ['C#', 'C# code'],
      ['max_connections', 'set max_connections=5'],
      ['connections', 'set max_connections=5'],
      ['chunk overlap', 'the field chunkOverlap'],
      ['10.0.0.1', 'listens on 10.0.0.1:8080'],
      ['E-4711', '错误E-4711出现'],
      ['2024-05-01', 'on 2024-05-01, noon'],
    ] as const)
      expect(meet(question, document), `${question} in ${document}`).to.equal(true)
    expect(tokenize('AB-1234/5')).to.include('ab-1234/5')
    // Serial numbers are not taken apart, or each would meet half of the others.
    expect(tokenize('a1b2c34')).to.deep.equal(['a1b2c34'])
    expect(tokenize('part AB-1234/5, AB-1234/6').filter(term => term === 'ab-1234/5')).to.have.length(1)
  })

  it('keeps names in capitals that are spelled like stop words', () => {
    expect(tokenize('Ask the IT department')).to.deep.equal(['ask', 'it', 'depart'])
    expect(tokenize('was it there')).to.deep.equal([])
    expect(tokenize('ASK THE IT DEPARTMENT')).to.deep.equal(['ask', 'depart'])
  })

  it('takes Chinese apart into words', () => {
    expect(tokenize('南京市长江大桥')).to.include.members(['南京', '南京市', '长江', '大桥', '长江大桥'])
    expect(meet('检索', '向量数据库用于检索增强生成')).to.equal(true)
    expect(meet('数据库', '我们的数据库很快')).to.equal(true)
    expect(meet('資料庫', '這是一個資料庫系統')).to.equal(true)
    expect(meet('魑魅', '山中有魑魅魍魉出没')).to.equal(true)
  })

  it('finds Japanese words in kanji and kana inside of sentences', () => {
    for (const [question, document] of [
      ['検索', 'データベースを検索します'],
      ['データベース', 'データベースを検索します'],
      ['東京', '東京都に住んでいる人'],
      ['りんご', '毎日りんごを食べる'],
      ['住む', '東京都に住んでいる人'],
    ] as const)
      expect(meet(question, document), question).to.equal(true)
    expect(tokenize('検索')).to.deep.equal(['検', '索', '検索'])
    expect(tokenize('これはペンです')).to.deep.equal(['ペン'])
  })

  it('finds Korean words with particles, and Thai words', () => {
    expect(meet('데이터베이스', '데이터베이스를 검색합니다')).to.equal(true)
    expect(meet('ภาษาไทย', 'ฉันเรียนภาษาไทยทุกวัน')).to.equal(true)
  })

  it('counts terms by their ids', () => {
    const { terms, length } = analyze('wing wings tail')
    expect([...terms]).to.have.deep.members([
      [termId('wing'), 2],
      [termId('tail'), 1],
    ])
    expect(length).to.equal(3)
    expect(analyze(' \n… !')).to.deep.equal({ terms: new Map(), length: 0 })
  })

  it('has another version when it gives the same texts other terms', () => {
    const terms = witnesses.map(text => [...analyze(text).terms].sort(([a], [b]) => a - b))
    const digest = createHash('sha256').update(JSON.stringify(terms)).digest('hex').slice(0, 12)
    expect({ analyzerVersion, digest }, 'raise analyzerVersion in api/contract/analyzer.ts, then write both here').to.deep.equal({ analyzerVersion: '3', digest: 'f71138118abb' }) // prettier-ignore
  })

  it('finds each word of any text in itself, by itself', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 30, size: 'max' }), parts => {
        const { terms } = analyze(parts.join(' '))
        for (const part of parts.filter(one => analyzeQuestion(one).length > 0))
          expect(
            analyzeQuestion(part).some(({ ids }) => ids.some(id => terms.has(id))),
            part,
          ).to.equal(true)
      }),
      { numRuns: 300 },
    )
  })

  it('survives any string, and its terms have ids below 2^29', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300, size: 'max' }), text => {
        const { terms, length } = analyze(text)
        expect([...terms.values()].reduce((sum, count) => sum + count, 0)).to.equal(length)
        for (const id of terms.keys()) expect(id).to.be.within(0, 2 ** 29 - 1)
      }),
      { numRuns: 300 },
    )
  })
})

const words = ['wing', 'AB-1234/5', 'v1.2.3', '数据库', '検索', 'データ', '데이터', 'ภาษา', 'C++', 'ISO9001', 'чайка', 'naïve', 'a_b_1', '1,000', '🙂'] // prettier-ignore

/** Something of each kind that the analysis knows. */
const witnesses = [
  "The wings' vibrations weren’t measured by the IT department of Zoë’s café in Straßburg",
  'GX-4471/B, v2.10.3, ISO9001, 220V, 10mm, 1,234,567, user_id, camelCaseName, a1b2c34, C++, bob@example.com, 10.0.0.1:8080',
  '上海浦东国际机场的航班，南京市长江大桥',
  'データベースを検索します。東京タワーは1958年',
  '데이터베이스를 검색합니다',
  'Die Häuser in den Straßen wurden nicht vermessen',
  'Компьютеры измеряли важнейшее',
  'ฉันเรียนภาษาไทยทุกวัน',
  'العَرَبِيّة ёлка Ελλάς ＡＢ－１２',
]
