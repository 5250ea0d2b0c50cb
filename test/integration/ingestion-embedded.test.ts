import { embeddedStores } from '../support/ingestion.ts'
import { ingestionSuite } from './ingestion.ts'

ingestionSuite('PGlite with pgvector', embeddedStores)
