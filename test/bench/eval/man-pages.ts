import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../support/random.ts'
import { type ManPage, readManPage } from './man-page.ts'

/**
 * Makes a data set of known items out of manual pages: the one-line summary of a page is the question, and the page without
 * it is the answer. Translated pages give one in each language that somebody has translated them into, and nobody's fusion
 * was tuned on them. `npm run eval:man-pages -- --from /usr/share/man/de --to DIR` (Debian: manpages-de, -fr, -es, -ja, …).
 */
const USAGE = 'npm run eval:man-pages -- --from FOLDER_OF_A_LANGUAGE --to DIR [--pages 250] [--characters 6000]'
/** A page with less says nothing that could be found. */
const FEWEST_CHARACTERS = 400
const SEED = 8020

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    pages: { type: 'string', default: '250' },
    characters: { type: 'string', default: '6000' },
  },
})
if (!values.from || !values.to) {
  console.error(USAGE)
  process.exit(2)
}
const pages = await readPages(values.from, Number(values.characters))
await writeDataset(values.to, sample(pages, Number(values.pages)))

interface NamedPage extends ManPage {
  readonly name: string
}

async function readPages(folder: string, characters: number): Promise<NamedPage[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  const pages = files.map(async ({ name, parentPath }) => {
    const bytes = await readFile(join(parentPath, name))
    const page = readManPage((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
    return page && { ...page, text: page.text.slice(0, characters).toWellFormed(), name: basename(name, '.gz') }
  })
  const read = (await Promise.all(pages)).filter(page => page !== null && page.text.length >= FEWEST_CHARACTERS)
  // Whatever the file system lists them in.
  return read.map(page => page!).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function sample(pages: readonly NamedPage[], count: number): NamedPage[] {
  const random = seededRandom(SEED)
  return pages
    .map(page => ({ page, place: random() }))
    .sort((a, b) => a.place - b.place)
    .slice(0, count)
    .map(({ page }) => page)
}

/** BEIR's layout. Pages with the same summary answer the same question. */
async function writeDataset(folder: string, pages: readonly NamedPage[]): Promise<void> {
  const questions = [...new Set(pages.map(({ summary }) => summary))]
  const lines = (records: readonly unknown[]) => records.map(record => `${JSON.stringify(record)}\n`).join('')
  const judgements = pages.map(({ name, summary }) => `${questions.indexOf(summary)}\t${name}\t1\n`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'corpus.jsonl'), lines(pages.map(({ name, text }) => ({ _id: name, title: '', text })))) // prettier-ignore
  await writeFile(join(folder, 'queries.jsonl'), lines(questions.map((text, place) => ({ _id: String(place), text })))) // prettier-ignore
  await writeFile(join(folder, 'qrels.tsv'), `query-id\tcorpus-id\tscore\n${judgements.join('')}`)
  console.log(`${folder}: ${pages.length} pages, ${questions.length} questions`)
}
