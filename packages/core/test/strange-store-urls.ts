import fc from "fast-check";

/** What stands in the place of a password in every URL of {@link strangeStoreUrls}. */
export const secret = "s3cr3t-hunter2";

const nothing = fc.constant("");
// Also as people write them who do not know what has to be escaped.
const userInfo = fc.constantFrom(
  "",
  "user@",
  `user:${secret}@`,
  `:${secret}@`,
  `user:%zz${secret}@`,
  `user:12/${secret}@`,
  `user:12?${secret}@`,
  `user:12#${secret}@`,
  `user:12/${secret}@more@`,
  `${secret}:@`,
);
const host = fc.constantFrom(
  "",
  "host",
  "127.0.0.1",
  "[::1]",
  "bucket",
  "b%2fucket",
  "%zz",
  "a,b",
  "HOST",
  "x".repeat(300),
  "ho st",
);
const port = fc.constantFrom("", ":", ":6379", ":0", ":99999", ":x");
const path = fc.oneof(
  fc.constantFrom(
    "",
    "/",
    "//",
    "/0",
    "/bucket",
    "/bucket/team-a",
    "/..",
    "/%2e%2e/%2F",
    "/%zz",
    "/%00",
    "/a%0ab",
    "/\u{1f6d1}",
  ),
  fc.string({ maxLength: 6 }).map((text) => `/${text}`),
);
const values = fc.constantFrom(
  "",
  "1",
  "-1",
  "0",
  "1e9",
  "9".repeat(30),
  "true",
  "TRUE",
  "x",
  secret,
  `a:${secret}@b`,
  "%zz",
  "a,b:1",
  "\u{1f6d1}",
);

/** Store URLs of the schemes, most of them wrong in some way, with a password wherever one can stand. */
export function strangeStoreUrls(schemes: readonly string[], options: readonly string[]): fc.Arbitrary<string> {
  const names = fc.constantFrom(...options, "timeoutMs", "maxAttempts", "password", "__proto__", "constructor", "");
  const query = fc
    .array(fc.tuple(names, values), { maxLength: 3 })
    .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`));
  const scheme = fc.constantFrom(...schemes);
  const slashes = fc.constantFrom("://", "://", "://", ":", ":/", ":///");
  const fragment = fc.oneof({ weight: 5, arbitrary: nothing }, { weight: 1, arbitrary: fc.constant(`#${secret}`) });
  return fc.tuple(scheme, slashes, userInfo, host, port, path, query, fragment).map((parts) => parts.join(""));
}

/** What the environment may hold beside a URL. */
export function strangeEnvironment(variables: readonly string[]): fc.Arbitrary<Record<string, string>> {
  const text = fc.oneof(
    values,
    userInfo.map((user) => `redis://${user}host`),
    userInfo.map((user) => `http://${user}host:1`),
  );
  return fc.dictionary(fc.constantFrom(...variables), text, { maxKeys: 3 });
}
