import { parentPort, workerData } from 'node:worker_threads'
import { type Embedded, OnnxModel, type OnnxModelSettings } from './onnx-model.ts'

/** What is sent to this thread; `close`: nobody waits any more, end. */
export type InferenceMessage = InferenceRequest | 'close'

/** What goes between {@link file://./inference-thread.ts} and this thread. */
export interface InferenceRequest {
  readonly id: number
  readonly texts: readonly string[]
}

export type InferenceAnswer = ({ readonly id: number } & Embedded) | { readonly id: number; readonly error: string }

if (!parentPort) throw new Error('inference-worker.ts is started as a worker thread, not by itself')
const port = parentPort

// A model that does not load ends the thread with its error; the other side reports it.
const model = await OnnxModel.load(workerData as OnnxModelSettings)

let turn = Promise.resolve()
port.on('message', (message: InferenceMessage) => {
  turn = turn.then(() => (message === 'close' ? port.close() : answer(message)))
})

async function answer({ id, texts }: InferenceRequest): Promise<void> {
  try {
    const embedded = await model.embed(texts)
    port.postMessage({ id, ...embedded } satisfies InferenceAnswer, embedded.vectors.map(vector => vector.buffer as ArrayBuffer)) // prettier-ignore
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies InferenceAnswer)
  }
}
