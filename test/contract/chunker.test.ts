import type { ChunkerName } from '../../api/contract/chunking.ts'
import { chunkers } from '../../api/ingestion/chunkers/index.ts'
import { vocabularyCounter } from '../../api/providers/vocabulary-counter.ts'
import { chunkerContract, type ChunkerTraits } from './chunker.ts'

const usual: ChunkerTraits = { repeats: true, sentences: true, share: 1 }

const traits: Partial<Record<ChunkerName, Partial<ChunkerTraits>>> = {
  simple: { repeats: false, sentences: false },
  sliding_window: { sentences: false },
  // Words are added up, and blanks between them, which is more than the tokens of the whole.
  token: { loadMeasure: () => vocabularyCounter('o200k_base'), share: 1 / 2 },
  // A chunk is a child, a quarter of what chunkSize says.
  parent_child: { share: 1 / 4 },
}

for (const chunker of Object.values(chunkers)) chunkerContract(chunker, { ...usual, ...traits[chunker.name] })
