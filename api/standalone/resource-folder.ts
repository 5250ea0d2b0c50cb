import { watch } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { InvalidResource, parseResource, type Resource } from '../../crds/parse-resource.ts'

/** One resource, or what is wrong with it; `source` is `tenant.yaml#1`. */
export type LoadedResource =
  | { readonly ok: true; readonly source: string; readonly resource: Resource }
  | { readonly ok: false; readonly source: string; readonly faults: readonly string[] }

/**
 * Reads every selfrag resource of the folder's YAML files, in the order of file names. Other kinds (the samples' Secrets)
 * are passed over: they mean something in a cluster only.
 * @throws when the folder cannot be read
 */
export async function loadResources(folder: string): Promise<LoadedResource[]> {
  const names = (await readdir(folder)).filter(name => /\.ya?ml$/.test(name)).sort()
  const files = await Promise.all(names.map(async name => parseFile(name, await readFile(join(folder, name), 'utf8'))))
  return files.flat()
}

function parseFile(name: string, text: string): LoadedResource[] {
  return parseAllDocuments(text).flatMap((document, index): LoadedResource[] => {
    const source = `${name}#${index + 1}`
    if (document.errors.length > 0) return [{ ok: false, source, faults: document.errors.map(error => error.message) }]
    const value: unknown = document.toJS()
    return isSelfragResource(value) ? [parse(source, value)] : []
  })
}

function parse(source: string, value: unknown): LoadedResource {
  try {
    return { ok: true, source, resource: parseResource(value) }
  } catch (error) {
    if (error instanceof InvalidResource) return { ok: false, source, faults: error.faults }
    throw error
  }
}

function isSelfragResource(value: unknown): boolean {
  if (value === null || typeof value !== 'object' || !('apiVersion' in value)) return false
  return String(value.apiVersion).startsWith('selfrag.io/')
}

/** Calls `changed` after files in the folder changed and stayed as they are for `quietMs`. Gives a function that ends it. */
export function watchResources(folder: string, changed: () => void, quietMs = 300): () => void {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(folder, () => {
    clearTimeout(timer)
    timer = setTimeout(changed, quietMs)
  })
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
