import { type Check, failed, ok, skipped, warning } from '../check.ts'
import { plain } from '../run-checks.ts'

const DO = 'see that Redis runs, and that REDIS_URL has its address and password (redis-cli -u "$REDIS_URL" ping)'

export const redisCheck: Check = {
  name: 'redis',
  async examine({ redis, configuration }) {
    if (!redis) return skipped('REDIS_URL is not set: limits are counted by each replica')
    try {
      await redis.connect()
      const info = await redis.info('server')
      const version = /redis_version:(\S+)/.exec(info)?.[1] ?? '?'
      if (Number.parseInt(version) < 6) return warning(`Redis ${version}`, 'selfrag is made for 6 or newer', 'upgrade it') // prettier-ignore
      return ok(`Redis ${version}`)
    } catch (error) {
      const message = plain(error)
      // Requests are counted in memory meanwhile.
      return configuration.RATE_LIMIT_STORAGE === 'redis' ? failed(message, 'replicas count for themselves, so limits are looser', DO) : warning(message, 'nothing depends on it now', DO) // prettier-ignore
    }
  },
}
