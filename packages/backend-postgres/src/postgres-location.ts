import { serverAddress } from "@holdpoint/core/driver";
import type { StorePlace } from "@holdpoint/core/driver";

import type { PostgresAddress } from "./postgres-options.ts";
import { postgresDefaults } from "./postgres-options.ts";

/** What a location names. */
export interface PostgresPlace {
  readonly hosts: readonly PostgresAddress[];
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly prefix: string;
}

/** Where the values are, as a URL without credentials that opens the same place again. */
export function locationOf({ hosts, database, schema, table, prefix }: PostgresPlace): string {
  const [first] = hosts;
  // URL parsers take these for parts of a path that mean another.
  const isPath = database !== "." && database !== "..";
  const isOne = hosts.length === 1 && first !== undefined;
  const options = [
    // Most programs take a URL with several hosts before the path for none.
    ...(isOne
      ? []
      : [
          ["host", hosts.map(({ host }) => host).join(",")],
          ["port", hosts.map(({ port }) => port ?? postgresDefaults.port).join(",")],
        ]),
    ...(isPath ? [] : [["dbname", database]]),
    ...(schema === postgresDefaults.schema ? [] : [["schema", schema]]),
    ...(table === postgresDefaults.table ? [] : [["table", table]]),
    ...(prefix === "" ? [] : [["prefix", prefix]]),
  ].map(([name, value = ""]) => `${name}=${encodeURIComponent(value).replaceAll(/%3A|%2F|%2C/gu, decodeURIComponent)}`);
  const query = options.length === 0 ? "" : `?${options.join("&")}`;
  return `postgres://${isOne ? addressText(first) : ""}/${isPath ? encodeURIComponent(database) : ""}${query}`;
}

/** The table of a location, and the prefix there. */
export function placeOf(location: URL): StorePlace {
  const { searchParams, pathname } = location;
  const named = (name: string, fallback: string): string => searchParams.get(name) ?? fallback;
  const hosts = searchParams.get("host");
  const server = hosts === null ? serverAddress(location, postgresDefaults.port) : `${hosts} ${named("port", "")}`;
  const table = [
    named("dbname", pathname),
    named("schema", postgresDefaults.schema),
    named("table", postgresDefaults.table),
  ];
  return { server: [server, ...table].join(" "), path: named("prefix", "") };
}

/** A host with its port, as it stands in a URL. */
export function addressText({ host, port = postgresDefaults.port }: PostgresAddress): string {
  return `${host.startsWith("/") ? encodeURIComponent(host) : host.includes(":") ? `[${host}]` : host}:${port}`;
}
