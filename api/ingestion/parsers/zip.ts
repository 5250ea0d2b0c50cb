import { unzipSync, zipSync } from 'fflate'
import { UnreadableDocument } from './parser.ts'

/** What the files of an archive may measure unpacked, all together, and each of them. */
const MOST_BYTES = 256 * 1024 * 1024
const MOST_FILES = 20_000
/** Text packs to a tenth, XML to a fiftieth; what packs far better is made to fill memory. */
const MOST_RATIO = 400

export type ZipFiles = Readonly<Record<string, Uint8Array>>

/**
 * Files of an archive, by their paths. Sizes are checked before anything is unpacked; a file that says less than it holds
 * is cut off where it said that it would end.
 * @throws UnreadableDocument for an archive that is broken, or a bomb
 */
export function unzip(bytes: Uint8Array, wanted: (path: string) => boolean = () => true): ZipFiles {
  let total = 0
  let files = 0
  const filter = ({ name, originalSize }: { name: string; originalSize: number }) => {
    if (!wanted(name)) return false
    total += originalSize
    files += 1
    if (total > MOST_BYTES || (total > 1024 * 1024 && total > bytes.length * MOST_RATIO) || files > MOST_FILES)
      throw new UnreadableDocument(
        `the file would unpack to more than ${Math.floor(total / 1024 / 1024)} MiB in ${files} parts, out of ${bytes.length} bytes: it is damaged or made to fill memory`,
      )
    return true
  }
  try {
    return unzipSync(bytes, { filter })
  } catch (cause) {
    if (cause instanceof UnreadableDocument) throw cause
    throw new UnreadableDocument(`the file is damaged: its archive cannot be unpacked (${reason(cause)})`, { cause })
  }
}

/** The same archive without compression, for libraries that unpack by themselves and would trust its sizes. */
export function withoutCompression(bytes: Uint8Array): Uint8Array {
  return zipSync(unzip(bytes), { level: 0 })
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
