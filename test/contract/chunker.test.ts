import { chunkers } from '../../api/ingestion/chunkers/index.ts'
import { chunkerContract } from './chunker.ts'

for (const chunker of Object.values(chunkers)) chunkerContract(chunker)
