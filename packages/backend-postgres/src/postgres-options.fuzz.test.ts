import { CheckpointError } from "@holdpoint/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { secret, strangeEnvironment, strangeStoreUrls } from "../../core/test/strange-store-urls.ts";
import { locationOf } from "./postgres-location.ts";
import { parsePostgresUrl } from "./postgres-options.ts";

const urls = strangeStoreUrls(
  ["postgres", "postgresql"],
  ["host", "port", "dbname", "user", "sslmode", "options", "target_session_attrs", "table", "prefix", "create"],
);
const environments = strangeEnvironment(["PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE"]);

test("a URL is read or refused, and shows no password", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      fc.pre(URL.canParse(url));
      try {
        parsePostgresUrl(new URL(url), environment);
      } catch (error) {
        if (!CheckpointError.is(error)) throw error;
        expect(error.code).toBe("invalid-argument");
        expect(error.message).not.toContain(secret);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a location leads to the same place again", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter((text) => !text.includes("@"));
  const host = fc.constantFrom("db", "10.0.0.1", "::1", "/var/run/postgresql", "db.internal");
  const hosts = fc.array(fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }), {
    minLength: 1,
    maxLength: 3,
  });
  const places = fc.record({ hosts, database: name, schema: name, table: name, prefix: name });
  fc.assert(
    fc.property(places, (place) => {
      const { hosts: found, database, schema, table, prefix } = parsePostgresUrl(new URL(locationOf(place)), {});
      expect({ hosts: found, database, schema, table, prefix }).toEqual({
        ...place,
        schema: place.schema === "public" ? undefined : place.schema,
        table: place.table === "holdpoint_checkpoints" ? undefined : place.table,
      });
    }),
    {
      numRuns: 2_000,
      examples: [".", ".."].map((database) => [
        { hosts: [{ host: "db", port: 1 }], database, schema: "s", table: "t", prefix: "p" },
      ]),
    },
  );
});
