// The same limit that the store enforces; what is longer under our prefix is not ours.
const maxKeyBytes = 512;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * How checkpoint keys become Redis keys: the prefix, then the key as it is, in UTF-8. Redis keys are binary-safe and may
 * be far longer than ours, so nothing needs escaping, and two keys cannot meet.
 *
 * @see https://redis.io/docs/latest/develop/using-commands/keyspace/
 * @example
 * ```ts
 * new RedisKeys("holdpoint:").redisKey("paused/task-1.json"); // "holdpoint:paused/task-1.json"
 * ```
 */
export class RedisKeys {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** The Redis key of a checkpoint. */
  redisKey(key: string): string {
    return this.prefix + key;
  }

  /** The checkpoint's key, or `undefined` if no checkpoint can have this Redis key: somebody else put it there. */
  checkpointKey(redisKey: Uint8Array): string | undefined {
    let text: string;
    try {
      text = utf8.decode(redisKey);
    } catch {
      return undefined;
    }
    const key = text.slice(this.prefix.length);
    const isOurs = text.startsWith(this.prefix) && key !== "" && Buffer.byteLength(key) <= maxKeyBytes;
    return isOurs ? key : undefined;
  }

  /** The `MATCH` pattern for every Redis key whose checkpoint key starts with the literal `keyPrefix`. */
  matchPattern(keyPrefix: string): string {
    return `${escapeGlob(this.prefix + keyPrefix)}*`;
  }
}

/**
 * Makes a glob pattern of Redis match exactly `text`.
 *
 * @see https://redis.io/docs/latest/commands/keys/
 */
function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]^\\-]/gu, String.raw`\$&`);
}
