"""The counts of all instances, in Redis: one script, one round trip, on whatever the broadcast stands on."""

from collections.abc import Sequence
from itertools import chain

from redis.exceptions import ResponseError

from lyo_rt.broadcast.redis_drafts import refused
from lyo_rt.broadcast.redis_script import Script
from lyo_rt.broadcast.redis_shards import Shards
from lyo_rt.clock import Clock
from lyo_rt.limits.guesses import FORGOTTEN_SECONDS, HOLDS, Guess
from lyo_rt.limits.policies import FORGIVEN_SECONDS, MICROSECONDS, Policy, Standing, holds

COUNT = b"""
local now, forgiven = tonumber(ARGV[1]), tonumber(ARGV[2])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local waits, held, refused = {}, {}, false
for i = 1, #KEYS / 2 do
  local log, quota, window = KEYS[2 * i - 1], ARGV[3 * i], tonumber(ARGV[3 * i + 1])
  local oldest = redis.call('LINDEX', log, 0)
  while oldest and tonumber(oldest) <= now - window do
    redis.call('LPOP', log)
    oldest = redis.call('LINDEX', log, 0)
  end
  local first = redis.call('LINDEX', log, '-' .. quota)
  held[i] = tonumber(redis.call('HGET', KEYS[2 * i], 'until') or 0)
  waits[i] = math.max(first and first + window - now or 0, held[i] - now, 0)
  refused = refused or waits[i] > 0
end
local told = {}
for i = 1, #KEYS / 2 do
  local log, offences, window = KEYS[2 * i - 1], KEYS[2 * i], tonumber(ARGV[3 * i + 1])
  if not refused then
    redis.call('RPUSH', log, string.format('%.0f', now))
    redis.call('PEXPIRE', log, string.format('%.0f', math.ceil(window / 1000)))
  elseif waits[i] > 0 and now >= held[i] then
    if held[i] > 0 and now >= held[i] + forgiven then redis.call('DEL', offences) end
    local number, hold = redis.call('HINCRBY', offences, 'number', 1), 0
    local place = 0
    for penalty in string.gmatch(ARGV[3 * i + 2], '%d+') do
      place = place + 1
      if place <= number then hold = tonumber(penalty) end
    end
    waits[i] = math.max(waits[i], hold)
    redis.call('HSET', offences, 'until', string.format('%.0f', now + waits[i]))
    redis.call('PEXPIRE', offences, string.format('%.0f', math.ceil((waits[i] + forgiven) / 1000)))
  end
  local oldest = redis.call('LINDEX', log, 0)
  local more = oldest and oldest + window - now or 0
  told[i] = {redis.call('LLEN', log), waits[i], more}
end
return told
"""
"""A log is a list of moments in microseconds; its keys are all of one subject, so of one slot."""

GUESS = b"""
local now, kept, number, hold, place = tonumber(ARGV[1]), tonumber(ARGV[2]), 0, 0, 0
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local made = redis.call('HMGET', KEYS[1], 'number', 'until')
local held = tonumber(made[2] or 0)
if held > now then return {tonumber(made[1]), held - now, 0} end
if made[1] and held + kept > now then number = tonumber(made[1]) end
number = number + 1
for penalty in string.gmatch(ARGV[3], '%d+') do
  place = place + 1
  if place <= number then hold = tonumber(penalty) end
end
redis.call('HSET', KEYS[1], 'number', number, 'until', string.format('%.0f', now + hold))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((hold + kept) / 1000)))
return {number, 0, hold}
"""


class RedisStore:
    """See Store. `clock` gives the time in tests; without one it is the server's, the same for all instances."""

    def __init__(self, shards: Shards, clock: Clock | None = None) -> None:
        self._names = shards.names
        self._clock = clock
        self._shards = shards
        self._script = Script(shards, COUNT)
        self._guess = Script(shards, GUESS)

    async def count(self, subject: str, policies: Sequence[Policy]) -> Sequence[Standing]:
        """See Store."""
        keys = [key for policy in policies for key in self._names.limit(subject, policy.name)]
        arguments = chain((self._now(), FORGIVEN_SECONDS * MICROSECONDS), *map(_arguments, policies))
        try:
            told = await self._script.run(keys, *(str(argument).encode() for argument in arguments))
        except ResponseError as refusal:
            raise refused(refusal) from refusal
        return [_standing(policy, *numbers) for policy, numbers in zip(policies, told, strict=True)]

    async def guess(self, subject: str) -> Guess:
        """See Store."""
        holds = ",".join(str(seconds * MICROSECONDS) for seconds in HOLDS)
        arguments = (self._now(), FORGOTTEN_SECONDS * MICROSECONDS, holds)
        try:
            number, wait, hold = await self._guess.run(
                [self._names.guesses(subject)], *(str(argument).encode() for argument in arguments)
            )
        except ResponseError as refusal:
            raise refused(refusal) from refusal
        return Guess(number, wait / MICROSECONDS, hold / MICROSECONDS)

    async def forget_guesses(self, subject: str) -> None:
        """See Store."""
        key = self._names.guesses(subject)
        await self._shards.do(key, b"DEL", key)

    def _now(self) -> int:
        """In tests the clock's; 0 is the server's."""
        return 0 if self._clock is None else round(self._clock.now().timestamp() * MICROSECONDS)


def _arguments(policy: Policy) -> tuple[int, int, str]:
    return policy.quota, policy.window, ",".join(map(str, holds(policy)))


def _standing(policy: Policy, length: int, wait: int, more: int) -> Standing:
    if wait:
        return Standing(policy, 0, wait / MICROSECONDS, refused=True)
    return Standing(policy, policy.quota - length, more / MICROSECONDS, refused=False)
