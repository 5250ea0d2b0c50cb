import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { EvalDocument } from './dataset.ts'

/** A question about this project's pages, and the words that answer it, as one of the pages has them. */
export interface AnsweredQuestion {
  readonly question: string
  readonly answer: string
  /** Where it stands; elsewhere the same words answer something else. */
  readonly documents: readonly string[]
}

const root = join(import.meta.dirname, '../../..')

/** The pages for users and the decisions, as they are now; the id is the path. */
export async function readPages(): Promise<EvalDocument[]> {
  const folders = ['docs', 'docs/operations', 'hack/adr']
  const paths = await Promise.all(
    folders.map(async folder => (await readdir(join(root, folder))).map(name => `${folder}/${name}`)),
  )
  const pages = paths.flat().filter(path => path.endsWith('.md'))
  return Promise.all(
    pages.sort().map(async id => {
      const text = await readFile(join(root, id), 'utf8')
      return { id, title: text.match(/^# (.+)$/m)?.[1] ?? id, text }
    }),
  )
}

/** Those whose answer still stands in the pages, and those that somebody has since written otherwise. */
export async function readQuestions(
  pages: readonly EvalDocument[],
): Promise<{ answered: AnsweredQuestion[]; outdated: AnsweredQuestion[] }> {
  const path = join(import.meta.dirname, 'questions.json')
  const all = JSON.parse(await readFile(path, 'utf8')) as AnsweredQuestion[]
  const textOf = new Map(pages.map(({ id, text }) => [id, text]))
  const stands = ({ answer, documents }: AnsweredQuestion) => documents.some(id => contains(textOf.get(id) ?? '', answer)) // prettier-ignore
  return { answered: all.filter(stands), outdated: all.filter(one => !stands(one)) }
}

/** Whether a text has these words, however its lines are broken. Pure. */
export function contains(text: string, answer: string): boolean {
  const oneLine = (lines: string) => lines.replace(/\s+/g, ' ').toLowerCase()
  return oneLine(text).includes(oneLine(answer))
}
