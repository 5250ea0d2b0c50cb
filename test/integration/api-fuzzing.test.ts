import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { routes } from '../../api/http/routes/index.ts'
import { type TestApi, startApi } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { makeFuzzWorld } from '../support/fuzz-world.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { type Fuzzing, findSchemathesis, fuzz } from '../support/schemathesis.ts'

/** `npm run fuzz` sets these higher. */
const EXAMPLES = Number(process.env['FUZZ_EXAMPLES'] ?? 8)
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 25)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124)

/** The time that is given says how far a run gets on a slow machine: what it had no success with is tried again alone. */
const RUNS = 4

/** Without an embedding model here, and with hosts that nobody has. */
const neverSucceed = ['createEmbeddings', 'fetchDocument']

/**
 * Schemathesis reads /openapi.json and sends what it allows and what it forbids, to every operation, with the key and the
 * token of somebody who may do everything, and follows the ids that it is answered with.
 */
describe('whatever is sent to the API', function () {
  this.timeout((RUNS * SECONDS + 120) * 1000)
  let program: string
  let api: TestApi
  let model: ModelServer
  const faults: Json[] = []
  const successes = new Set<string>()

  before(async function () {
    program = await orSkip(this, findSchemathesis())
    model = await startModelServer({ reply: () => 'It says so [1].' })
    const environment = {
      LLM_PROVIDER: 'openai',
      LLM_MODEL: 'scripted',
      OPENAI_BASE_URL: model.openAiUrl,
      OPENAI_API_KEY: 'k',
    }
    const onLog = ({ method, route, status, ...line }: Json) => {
      if (status < 300) successes.add(`${method.toLowerCase()} ${route}`)
      if (status >= 500) faults.push({ method, route, status, ...line })
    }
    api = await orSkip(this, startApi({ onLog, environment }))
  })

  after(() => model?.close())

  it('is answered as /openapi.json says, and never by a fault of ours', async () => {
    const world = await makeFuzzWorld(api)
    console.log(`      FUZZ_SEED=${SEED}`)
    // What only ever refused has shown nothing.
    let refused: string[] = []
    for (let run = 0; run < RUNS && (run === 0 || refused.length > 0); run++) {
      await send({ ...world, seed: SEED + run, examples: EXAMPLES, seconds: SECONDS, only: refused })
      refused = operationsWithoutSuccess()
    }
    expect(refused).to.deep.equal([])
  })

  async function send(fuzzing: Fuzzing): Promise<void> {
    try {
      await fuzz(program, fuzzing)
    } catch (cause) {
      throw new Error(`${(cause as Error).message}\n${JSON.stringify(faults, null, 1).slice(0, 10_000)}`, { cause })
    }
  }

  function operationsWithoutSuccess(): string[] {
    return routes
      .filter(({ method, path }) => !successes.has(`${method} ${path}`))
      .map(({ operationId }) => operationId)
      .filter(operationId => !neverSucceed.includes(operationId))
  }
})
