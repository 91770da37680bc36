import { createHash } from "node:crypto";

import type { RedisAnswer } from "./redis-connection.ts";
import { isReplyError } from "./redis-error.ts";
import { headerLuaPattern, magic, maxHeaderBytes, rawVersionMark, versionedBytes } from "./redis-value.ts";

/** A Lua script together with the digest that a server knows it by. */
export interface RedisScript {
  readonly source: string;
  readonly sha1: string;
}

function script(source: string): RedisScript {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}

/** Sends one request. */
export type AskRedis = (name: string, args: readonly (string | Buffer)[]) => Promise<RedisAnswer>;

/**
 * Runs a script by its digest; a server that does not know it yet gets it whole, which costs one more request once.
 *
 * @param args the number of keys, the keys, and what else the script takes
 */
export async function runScript(
  ask: AskRedis,
  { sha1, source }: RedisScript,
  args: readonly (string | Buffer)[],
): Promise<RedisAnswer> {
  try {
    return await ask("evalsha", [sha1, ...args]);
  } catch (error) {
    if (!isReplyError(error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return await ask("eval", [source, ...args]);
  }
}

// Errors are returned with pcall and not raised: Redis 6.2 wraps a raised one in "ERR Error running script …", and
// later versions append the script's digest to it.
const readHeader = `
local header = redis.pcall('GETRANGE', KEYS[1], 0, ${maxHeaderBytes - 1})
if type(header) == 'table' then return header end
local version, writeId = string.match(header, '${headerLuaPattern}')
local function isVersion(expected)
  if string.sub(header, 1, ${magic.length}) == '${magic}' then return version == expected end
  if string.sub(expected, 1, ${rawVersionMark.length}) ~= '${rawVersionMark}' then return false end
  local value = redis.call('GET', KEYS[1])
  return value and redis.sha1hex(value) == string.sub(expected, ${rawVersionMark.length + 1})
end
`;

// `ARGV[3]` is the time to live in milliseconds, if there is one.
const storeFunction = `
local function store(value)
  if ARGV[3] then return redis.pcall('SET', KEYS[1], value, 'PX', ARGV[3]) end
  return redis.pcall('SET', KEYS[1], value)
end
`;

// Whether the very same write is already there: it is then a request that was repeated. The value keeps the version
// under which others may have seen it, and is stored once more because WAIT and WAITAOF wait for what their own
// connection has written.
const storeAgain = `
local _, ownWriteId = string.match(ARGV[1], '${headerLuaPattern}')
if writeId and writeId == ownWriteId then
  local done = store(redis.call('GET', KEYS[1]))
  if done.err then return done end
  return version
end
`;

/**
 * Stores a value, where nothing is there or whatever is. `KEYS[1]`; `ARGV`: the value, the condition (`any` or
 * `absent`), the time to live. Answers OK, nil if the condition does not hold, or the version under which the very same
 * write was already there.
 */
export const putScript: RedisScript = script(`${storeFunction}${readHeader}${storeAgain}
if ARGV[2] == 'absent' and (header ~= '' or redis.call('EXISTS', KEYS[1]) == 1) then return false end
return store(ARGV[1])
`);

/**
 * Compare and set. `KEYS[1]`; `ARGV`: the value, what a value of the version that must be there begins with
 * ({@link valueStart}), the time to live. Answers as {@link putScript} does. Looks first at what nearly every write
 * finds, since a script is most of what a write costs the server.
 */
export const replaceScript: RedisScript = script(`${storeFunction}
if redis.pcall('GETRANGE', KEYS[1], 0, #ARGV[2] - 1) == ARGV[2] then return store(ARGV[1]) end
${readHeader}${storeAgain}
if not isVersion(string.sub(ARGV[2], ${magic.length + 1}, -2)) then return false end
return store(ARGV[1])
`);

/**
 * Stores what is there once more, or writes and removes nothing where there is nothing: what others have written is
 * waited for by WAIT and WAITAOF only together with something that their own connection has written after it. Some
 * versions wait after a read as well; since Redis 7.2 and in Valkey they do not.
 */
export const touchScript: RedisScript = script(`
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then return value end
local done
if value then
  done = redis.pcall('SET', KEYS[1], value, 'KEEPTTL')
else
  done = redis.pcall('SET', KEYS[1], '', 'PX', '1')
  if not done.err then done = { ok = 'OK' } redis.pcall('DEL', KEYS[1]) end
end
return done
`);

/**
 * Compare and delete. `KEYS[1]`; `ARGV[1]`: the version that must be there, or nothing. Answers `removed`, `missing` or
 * `conflict`.
 */
export const removeScript: RedisScript = script(`${readHeader}
if header == '' and redis.call('EXISTS', KEYS[1]) == 0 then return 'missing' end
if ARGV[1] ~= '' and not isVersion(ARGV[1]) then return 'conflict' end
local done = redis.pcall('DEL', KEYS[1])
if type(done) == 'table' then return done end
return 'removed'
`);

/** How long the value at `KEYS[1]` is, and its first bytes, as many as its first line has at most: those of one value. */
export const sizeScript: RedisScript = script(`
return { redis.call('STRLEN', KEYS[1]), redis.call('GETRANGE', KEYS[1], 0, ${maxHeaderBytes - 1}) }
`);

/** The first bytes of the values at all `KEYS`, as many as say their versions; empty where there is none. */
export const headsScript: RedisScript = script(`
local heads = {}
for index, key in ipairs(KEYS) do heads[index] = redis.call('GETRANGE', key, 0, ${versionedBytes - 1}) end
return heads
`);
