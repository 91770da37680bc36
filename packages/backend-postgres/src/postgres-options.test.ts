import { describe, expect, test } from "vitest";

import { parsePostgresUrl } from "./postgres-options.ts";

function parse(url: string, environment: Readonly<Record<string, string>> = {}): Record<string, unknown> {
  const options = parsePostgresUrl(new URL(url), environment);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

describe("a URL", () => {
  test.each([
    ["postgres://db/app", { hosts: [{ host: "db", port: 5432 }], database: "app" }],
    [
      "postgresql://me:p%40ss@db:6000/app?sslmode=verify-full&sslrootcert=/ca.pem",
      {
        hosts: [{ host: "db", port: 6000 }],
        username: "me",
        password: "p@ss",
        database: "app",
        sslMode: "verify-full",
        tlsCaFile: "/ca.pem",
      },
    ],
    ["postgres://me@db", { hosts: [{ host: "db", port: 5432 }], username: "me", database: "me" }],
    ["postgres://[::1]:1/a", { hosts: [{ host: "::1", port: 1 }], database: "a" }],
    // As the store's URL arrives where it names several hosts.
    [
      "postgres://db-1%3A1%2C%5B::1%5D%3A2%2Cdb-3:3/a".replace("::1", "%3A%3A1"),
      {
        hosts: [
          { host: "db-1", port: 1 },
          { host: "::1", port: 2 },
          { host: "db-3", port: 3 },
        ],
        database: "a",
      },
    ],
    [
      "postgres://db-1,db-2/a?target_session_attrs=read-write",
      {
        hosts: [
          { host: "db-1", port: 5432 },
          { host: "db-2", port: 5432 },
        ],
        database: "a",
      },
    ],
    [
      "postgres:///a?host=db-1,db-2&port=1,2",
      {
        hosts: [
          { host: "db-1", port: 1 },
          { host: "db-2", port: 2 },
        ],
        database: "a",
      },
    ],
    ["postgres://%2Fvar%2Frun%2Fpostgresql/a", { hosts: [{ host: "/var/run/postgresql", port: 5432 }], database: "a" }],
    ["postgres:///a?host=/run/pg", { hosts: [{ host: "/run/pg", port: 5432 }], database: "a" }],
    [
      "postgres://u:p@ep-cool.neon.tech/neondb?sslmode=require&channel_binding=require",
      {
        hosts: [{ host: "ep-cool.neon.tech", port: 5432 }],
        username: "u",
        password: "p",
        database: "neondb",
        sslMode: "require",
        channelBinding: "require",
      },
    ],
    [
      "postgres://db/a?schema=s&table=t&prefix=&create=false&maxConnections=3&connect_timeout=7&options=-c%20a%3Db",
      {
        hosts: [{ host: "db", port: 5432 }],
        database: "a",
        schema: "s",
        table: "t",
        prefix: "",
        create: false,
        maxConnections: 3,
        connectTimeoutMs: 7_000,
        serverOptions: "-c a=b",
      },
    ],
  ])("%s", (url, options) => {
    expect(parse(url)).toEqual(options);
  });

  test.each([
    ["postgres://db/a/b", /more than one part/u],
    ["postgres://db/a?target_session_attrs=standby", /primary alone/u],
    ["postgres://db/a?host=other", /host stands before/u],
    ["postgres://db/a?port=1", /port needs the parameter host/u],
    ["postgres:///a?host=x,y,z&port=1,2", /3 hosts and 2 ports/u],
    ["postgres:///a?host=x&port=70000", /port is not/u],
    ["postgres://db/a?sslmode=sometimes", /"sslmode": expected one of disable/u],
    ["postgres://db/a?colour=red", /no option "colour"/u],
    ["postgres://db/a#b", /there is a #/u],
    ["postgres://a%20b/a", /a host is none/u],
  ])("%s is refused", (url, message) => {
    expect(() => parse(url)).toThrow(message);
  });
});

test("the variables of PostgreSQL's programs stand in for what the URL leaves open", () => {
  const environment = {
    PGHOST: "db-1,db-2",
    PGPORT: "6000",
    PGUSER: "me",
    PGPASSWORD: "secret",
    PGDATABASE: "app",
    PGSSLMODE: "require",
    PGSSLROOTCERT: "/ca.pem",
    PGOPTIONS: "-c x=y",
    PGAPPNAME: "mine",
    PGCONNECT_TIMEOUT: "0",
    STATE_PREFIX: "team-a/",
  };
  expect(parse("postgres:", environment)).toEqual({
    hosts: [
      { host: "db-1", port: 6000 },
      { host: "db-2", port: 6000 },
    ],
    username: "me",
    password: "secret",
    database: "app",
    sslMode: "require",
    tlsCaFile: "/ca.pem",
    serverOptions: "-c x=y",
    applicationName: "mine",
    prefix: "team-a/",
  });
  expect(parse("postgres://you:other@db/mine?sslmode=disable&prefix=b/", environment)).toMatchObject({
    hosts: [{ host: "db", port: 6000 }],
    username: "you",
    password: "other",
    database: "mine",
    sslMode: "disable",
    prefix: "b/",
  });
  expect(() => parse("postgres:", { PGSSLMODE: "maybe" })).toThrow(/variable PGSSLMODE: expected one of/u);
  expect(() => parse("postgres:", { PGTARGETSESSIONATTRS: "standby" })).toThrow(/PGTARGETSESSIONATTRS/u);
});
