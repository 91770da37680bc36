import { expect, test } from "vitest";

import { formatVersion, parseVersion } from "./nats-version.ts";

test.each([
  { revision: 1, bodyId: undefined },
  { revision: 9_007_199_254_740_991, bodyId: "02bab1ba-7eb1-4410-be77-1e5d6f48bb7c" },
])("a version says what it was made of", (version) => {
  expect(parseVersion(formatVersion(version))).toEqual(version);
});

// 0 is "must be absent" to the server, and a falsy revision is no condition at all to official clients.
test.each(["0", "00", "01", "", "-1", "1.5", "1e3", "NaN", " 1", "1 ", "1-", "1-x.>", "99999999999999999999"])(
  "%j is no version",
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);
