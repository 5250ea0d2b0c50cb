import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { localModel, type LocalModel } from '../../api/providers/embedders/local/catalogue.ts'
import type { ModelFiles } from '../../api/providers/embedders/local/model-files.ts'
import { findModelFiles } from '../../api/providers/embedders/local/model-files.ts'
import { MissingPart } from './missing-part.ts'

export const testModel: LocalModel = localModel('bge-small-en-v1.5')!

/** The folder of models for tests: `MODELS_DIR`, else the shared one. */
export function modelsDir(): string | undefined {
  return process.env['MODELS_DIR'] ?? (existsSync('../shared/models') ? '../shared/models' : undefined)
}

/**
 * Verified files of {@link testModel}; what earlier runs of `npm start` downloaded counts too.
 * @throws MissingPart when they are nowhere; nothing is downloaded here
 */
export async function testModelFiles(): Promise<ModelFiles> {
  const search = await findModelFiles(testModel, {
    modelsDir: modelsDir(),
    cacheDir: join(process.env['SELFRAG_HOME'] ?? '.selfrag', 'models'),
    download: { fetch: () => Promise.reject(new Error('tests download nothing')), hubUrl: '', mavenCommand: null },
  })
  if (!search.files) throw new MissingPart(`no embedding model, set MODELS_DIR: ${search.tried.join('; ')}`)
  return search.files
}
