import { expect } from 'chai'
import { nodeOfImage } from '../../bench/image.ts'

describe('how benches run Node', () => {
  it('is how the images do', () => {
    expect(nodeOfImage('Dockerfile.api')).to.deep.equal({
      flags: [],
      environment: { NODE_ENV: 'production', NODE_OPTIONS: '--max-semi-space-size=8' },
    })
    expect(nodeOfImage('Dockerfile.operator')).to.deep.equal({
      flags: ['--max-semi-space-size=4', '--heap-growing-percent=50'],
      environment: { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' },
    })
  })
})
