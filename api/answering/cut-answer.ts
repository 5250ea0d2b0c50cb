import type { Answer, AnswerPiece, Citation } from './answer.ts'
import { sentences } from './sentences.ts'

/** An answer that is there as a whole, sentence by sentence, each with the citations whose numbers stand in it first. Pure. */
export function cutAnswer({ text, citations }: Answer): AnswerPiece[] {
  const ends = sentences(text).map(({ end }) => end)
  const cuts = [...ends.slice(0, -1), text.length]
  const told = new Set<Citation>()
  return cuts.map((end, place) => {
    const piece = text.slice(cuts[place - 1] ?? 0, end)
    const last = place === cuts.length - 1
    const own = citations.filter(one => !told.has(one) && (last || piece.includes(`[${one.index}]`)))
    own.forEach(one => told.add(one))
    return { text: piece, citations: own }
  })
}
