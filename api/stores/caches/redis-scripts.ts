/**
 * What the Redis cache does in one step on the server. All keys of a tenant bear its id in braces, so that they are in one
 * slot of a cluster. `epoch` of an owner goes up with each purge: a value that was begun before one is not kept after it.
 */

/** KEYS: value, lock, epoch… · ARGV: token, milliseconds of the lock → the value, or nil, whether the lock was got, epochs. */
export const LOOKUP = `
local value = redis.call('GET', KEYS[1])
if value then return {value} end
local got = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) and '1' or '0'
local answer = {false, got}
for i = 3, #KEYS do answer[i] = redis.call('GET', KEYS[i]) or '0' end
return answer`

/** KEYS: value, lock, then epoch and index of each owner · ARGV: token, value, milliseconds to keep it, epochs. */
export const KEEP = `
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
local owners = #ARGV - 3
for i = 1, owners do
  if (redis.call('GET', KEYS[1 + 2 * i]) or '0') ~= ARGV[3 + i] then return 0 end
end
local ttl = tonumber(ARGV[3])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, owners do
  local index = KEYS[2 + 2 * i]
  redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
  redis.call('ZADD', index, now + ttl, KEYS[1])
  if redis.call('PTTL', index) < ttl then redis.call('PEXPIRE', index, ttl) end
end
return 1`

/** KEYS: lock · ARGV: token, milliseconds; 0 ends the lock. */
export const HOLD = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

/** KEYS: epoch, index of an owner · ARGV: milliseconds for which the epoch is remembered → number of values removed. */
export const PURGE = `
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
local removed = 0
for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do removed = removed + redis.call('UNLINK', key) end
redis.call('UNLINK', KEYS[2])
return removed`

/** KEYS: index of an owner → number of its values that are still there. */
export const COUNT = `
local found = 0
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do found = found + redis.call('EXISTS', key) end
return found`
