/**
 * `node hack/images/fetch-model.ts FOLDER MODEL` downloads a local embedding model into FOLDER, where MODELS_DIR looks for
 * it, and checks its sha256; with an empty MODEL it only makes the folder. Run by Dockerfile.api; needs no packages.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { localModelMachine } from '../../api/local-model-machine.ts'
import { localModel, localModels } from '../../api/providers/embedders/local/catalogue.ts'
import { downloadFromHub } from '../../api/providers/embedders/local/hub-download.ts'

const [folder, name] = process.argv.slice(2)
if (!folder) throw new Error('usage: node hack/images/fetch-model.ts FOLDER MODEL')
await mkdir(folder, { recursive: true })
if (name) {
  const model = localModel(name)
  if (!model)
    throw new Error(`EMBEDDING_MODEL: ${name} is not one of ${localModels.map(({ name }) => name).join(', ')}`)
  const { download } = localModelMachine({ info: (fields: object) => console.log(fields) })
  await downloadFromHub(model, join(folder, model.folders[0]!), download)
}
