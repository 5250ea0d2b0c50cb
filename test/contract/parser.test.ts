import { htmlParser } from '../../api/ingestion/parsers/html.ts'
import { markdownParser } from '../../api/ingestion/parsers/markdown.ts'
import { textParser } from '../../api/ingestion/parsers/text.ts'
import { parserContract } from './parser.ts'

parserContract(textParser, text => text)
parserContract(markdownParser, text => text)
parserContract(
  htmlParser,
  text => `<!doctype html><html><head><meta charset="utf-8"></head><body>${text}</body></html>`,
)
