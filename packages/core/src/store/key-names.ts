/** How the keys of a store and the names that its server knows, without the store's prefix, belong together. */
export interface KeyNames {
  nameOf(key: string): string;
  /** `undefined` for a name that no key has: somebody else's. */
  keyOf(name: string): string | undefined;
  /** What the names of all keys with a prefix begin with. Names of other keys may begin with it too. */
  prefixOf(keyPrefix: string): string;
  /**
   * What names of keys with a prefix begin with, one for each way in which such a key may be named, and each with as many
   * slashes as the prefix. For listings that group names by the slashes after it, as servers do. Names of other keys may
   * begin so too.
   */
  prefixesOf(keyPrefix: string): readonly string[];
  /**
   * What all keys begin with whose names begin with `name`, which ends with a slash, and they alone; `undefined` if that
   * cannot be said by such a name.
   */
  directoryOf(name: string): string | undefined;
}

const longestName = 800;
const longestSegment = 200;

/**
 * The names that a connector of the state proxy gives to objects, which are the keys themselves: for every key that
 * all servers take as it is. Any other has its name of `own`, and so has a key that is itself such a name, so that no two
 * share one; `escape` is what all escapes of those begin with. Names that begin with `.holdpoint-` stay a store's own.
 *
 * @example
 * ```ts
 * stateProxyNames(own, "%").nameOf("models/v1.0/weights"); // "models/v1.0/weights"
 * ```
 */
export function stateProxyNames(own: KeyNames, escape: string): KeyNames {
  const isPlain = (key: string): boolean => {
    if (!looksPlain(key)) return false;
    const other = own.keyOf(key);
    return other === undefined || other === key;
  };
  return {
    nameOf: (key) => (isPlain(key) ? key : own.nameOf(key)),
    keyOf: (name) => {
      if (isPlain(name)) return name;
      const key = own.keyOf(name);
      return key === undefined || isPlain(key) ? undefined : key;
    },
    prefixOf: (keyPrefix) => commonStart(keyPrefix, own.prefixOf(keyPrefix)),
    prefixesOf: (keyPrefix) => {
      const others = own.prefixesOf(keyPrefix);
      if (!looksPlain(`${keyPrefix}file`)) return others;
      // MinIO takes no prefix that ends in a segment "." or "..".
      return [...new Set([keyPrefix.replace(/(?<=^|\/)\.{1,2}$/u, ""), ...others])];
    },
    directoryOf: (name) => {
      if (!looksPlain(`${name}file`)) return own.directoryOf(name);
      // With an escape in it, names of either kind may be inside.
      return name.includes(escape) ? undefined : name;
    },
  };
}

/** What an actor's runtime can send, printable ASCII without a question mark, in segments that are names of files. */
function looksPlain(key: string): boolean {
  if (key.length > longestName || !/^[\x21-\x7E]+$/u.test(key) || /[\\?]/u.test(key)) return false;
  if (key.startsWith(".holdpoint-") || key.startsWith(".well-known/")) return false;
  const segments = key.split("/");
  return segments.every((segment, index) => {
    if (segment === "" || segment === "." || segment === ".." || segment.length > longestSegment) return false;
    // The documents of tasks end so; as a directory it would hide that of another task on MinIO.
    return index === segments.length - 1 || !segment.endsWith(".json");
  });
}

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}
