import { realStores } from '../support/ingestion.ts'
import { ingestionSuite } from './ingestion.ts'

ingestionSuite('Postgres and Qdrant', realStores)
