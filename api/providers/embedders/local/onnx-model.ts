import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/** One unit-length vector a text, and how many tokens the texts were. */
export interface Embedded {
  readonly vectors: Float32Array[]
  readonly tokens: number
}

export interface OnnxModelSettings {
  readonly onnxPath: string
  readonly tokenizerPath: string
  readonly maxTokens: number
  readonly threads: number
}

/** No token of WordPiece or BPE vocabularies is longer on average; what is behind it would be cut off anyway. */
const LONGEST_TOKEN = 32

/** A BERT-like encoder: the vector of a text is its first token's (CLS), at unit length. Runs where it is called. */
export class OnnxModel {
  readonly #session: InferenceSession
  readonly #tokenizer: Tokenizer
  readonly #maxTokens: number

  private constructor(session: InferenceSession, tokenizer: Tokenizer, maxTokens: number) {
    this.#session = session
    this.#tokenizer = tokenizer
    this.#maxTokens = maxTokens
  }

  static async load({ onnxPath, tokenizerPath, maxTokens, threads }: OnnxModelSettings): Promise<OnnxModel> {
    const tokenizer = new Tokenizer(JSON.parse(await readFile(tokenizerPath, 'utf8')) as object, {})
    const session = await InferenceSession.create(onnxPath, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Idle threads would spin for work and take the cores from the event loop.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    return new OnnxModel(session, tokenizer, maxTokens)
  }

  /** All texts go through the model at once. */
  async embed(texts: readonly string[]): Promise<Embedded> {
    const encoded = texts.map(text => this.#encode(text))
    const width = Math.max(...encoded.map(ids => ids.length))
    const output = await this.#session.run(inputs(encoded, width))
    const hidden = output['last_hidden_state']
    if (!hidden) throw new Error(`the model has no output last_hidden_state, it has ${Object.keys(output).join(', ')}`)
    const dimension = hidden.dims[2]!
    const data = hidden.data as Float32Array
    return {
      vectors: encoded.map((_, row) =>
        unit(data.subarray(row * width * dimension, row * width * dimension + dimension)),
      ),
      tokens: encoded.reduce((sum, ids) => sum + ids.length, 0),
    }
  }

  #encode(text: string): number[] {
    const { ids } = this.#tokenizer.encode(text.slice(0, this.#maxTokens * LONGEST_TOKEN))
    // The last token is the separator, which has to stay when the middle is cut.
    return ids.length <= this.#maxTokens ? ids : [...ids.slice(0, this.#maxTokens - 1), ids.at(-1)!]
  }
}

function inputs(encoded: readonly number[][], width: number): Record<string, Tensor> {
  const shape = [encoded.length, width]
  const ids = new BigInt64Array(encoded.length * width)
  const mask = new BigInt64Array(encoded.length * width)
  encoded.forEach((row, index) => {
    ids.set(row.map(BigInt), index * width)
    mask.fill(1n, index * width, index * width + row.length)
  })
  return {
    input_ids: new Tensor('int64', ids, shape),
    attention_mask: new Tensor('int64', mask, shape),
    token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
  }
}

/** A copy at length 1, with a buffer of its own that can be handed to another thread. */
function unit(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return vector.map(value => value / norm)
}
