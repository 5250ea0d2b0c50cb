import { expect } from 'chai'
import { describe, it } from 'mocha'
import { wantedWords, words } from '../../../api/stores/vectors/words.ts'

const contains = (text: string, wanted: string) => [...wantedWords(wanted)].every(word => words(text).has(word))

describe('words of metadata', () => {
  for (const [text, wanted] of [
    ['The Install Guide', 'install'],
    ['The Install Guide', 'guide THE'],
    ['part AX-200/b', 'ax 200'],
    ['part_number 7', 'PART_NUMBER'],
    ['Ｋ８ｓ', 'k8s'],
    ['Straße', 'STRASSE'.replace('SS', 'ß')],
    ['cafe\u0301', 'café'],
    ['ЗНАЧЕНИЕ слова', 'значение'],
    ['知识库安装指南', '知识库'],
    ['知识库安装指南', '库'],
    ['Kubernetes安装2指南', 'kubernetes 安装'],
    ['データベース', 'ベース'],
    ['ภาษาไทย', 'ไทย'],
    ['𠮷野家', '𠮷野'],
  ] as const)
    it(`finds ${wanted} in ${text}`, () => {
      expect(contains(text, wanted)).to.equal(true)
    })

  for (const [text, wanted] of [
    ['The Install Guide', 'inst'],
    ['The Install Guide', 'install manual'],
    ['知识库安装指南', '库知'],
    ['安装。指南', '装指'],
    ['', 'x'],
  ] as const)
    it(`does not find ${wanted} in ${text || 'nothing'}`, () => {
      expect(contains(text, wanted)).to.equal(false)
    })

  it('asks for no word where there is none', () => {
    expect([...wantedWords('++ -- 。')]).to.deep.equal([])
  })
})
