import { parseXml, textOf, walk } from './xml.ts'
import type { ZipFiles } from './zip.ts'

/** The title among a file's properties; many files have none, or a blank one. */
export function coreTitle(files: ZipFiles): string | undefined {
  const properties = files['docProps/core.xml']
  if (!properties) return undefined
  for (const node of walk(parseXml(properties))) {
    if (node.name !== 'dc:title') continue
    return textOf(node).trim() || undefined
  }
  return undefined
}
