import { afterEach, before, beforeEach } from 'mocha'
import { orSkip } from './missing-part.ts'
import { OperatorWorld } from './operator-world.ts'

/**
 * Each test of the suite gets a world of its own, before its other hooks run. Servers are started once, and before the first
 * test, whose time it does not cost; where one is missing the suite is skipped.
 */
export function inOwnWorlds(use: (world: OperatorWorld) => void): void {
  let world: OperatorWorld
  before(async function () {
    this.timeout(900_000)
    await (await orSkip(this, OperatorWorld.make())).dispose()
  })
  beforeEach(async () => {
    world = await OperatorWorld.make()
    use(world)
  })
  afterEach(() => world.dispose())
}
