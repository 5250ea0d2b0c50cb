import { parse } from 'parse5'
import { refuseBlank } from './decode-text.ts'
import { HtmlText } from './html-text.ts'
import { mainContent } from './html-tree.ts'
import { type Parser, UnreadableDocument } from './parser.ts'
import { coreTitle } from './office.ts'
import { unzip, withoutCompression } from './zip.ts'

/** Word: paragraphs, lists and tables; styles of headings become sections. */
export const docxParser: Parser = {
  format: 'docx',
  mediaTypes: ['application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  endings: ['docx'],
  async parse(bytes) {
    const files = unzip(bytes, path => path === 'docProps/core.xml')
    const { text, path } = new HtmlText().render(mainContent(parse(await toHtml(bytes))))
    const title = coreTitle(files) ?? path.title
    return { text: refuseBlank(text), sections: path.sections, ...(title === undefined ? {} : { title }) }
  },
}

async function toHtml(bytes: Uint8Array): Promise<string> {
  // Loaded with the first Word file: whoever only detects formats, as the API does, is to start fast and stay small.
  const { default: mammoth } = await import('mammoth')
  const buffer = Buffer.from(withoutCompression(bytes))
  try {
    const drop = mammoth.images.imgElement(async () => ({ src: '' }))
    const { value } = await mammoth.convertToHtml({ buffer }, { convertImage: drop })
    // A cell's only paragraph is its text: rows stay lines.
    return value.replaceAll('\0', '').replace(/(<t[dh][^>]*>)<p>((?:(?!<\/?p>)[^])*)<\/p>(?=<\/t[dh]>)/g, '$1$2')
  } catch (cause) {
    throw new UnreadableDocument(`the Word file is damaged: ${(cause as Error).message}; save it again`, { cause })
  }
}
