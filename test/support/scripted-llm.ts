import type { Llm, Message } from '../../api/providers/llms/llm.ts'

export interface ScriptedLlm extends Llm {
  /** The messages of each call, in order. */
  readonly asked: (readonly Message[])[]
}

/** Gives these answers, one a call; for tests of what is asked and what is made of it. No server. */
export function scriptedLlm(...answers: readonly string[]): ScriptedLlm {
  const asked: (readonly Message[])[] = []
  const usage = { promptTokens: 1, completionTokens: 1 }
  return {
    provider: 'test',
    model: 'scripted',
    asked,
    async complete({ messages }) {
      asked.push([...messages])
      const text = answers[asked.length - 1]
      if (text === undefined) throw new Error('the script has no more answers')
      return { text, usage, finishReason: 'stop' }
    },
    // eslint-disable-next-line require-yield -- nobody streams here
    async *stream() {
      throw new Error('this script does not stream')
    },
  }
}
