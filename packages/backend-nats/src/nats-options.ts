import type { StoreOptions } from "@holdpoint/core";
import {
  assertPathWithoutUser,
  booleanOption,
  choiceOption,
  integerOption,
  readUrlOptions,
  settingOf,
  textOption,
  urlError,
} from "@holdpoint/core/driver";

import type { NatsClient } from "./nats-client.ts";

/** TLS settings of {@link NatsStoreOptions.tls}. */
export interface NatsTlsOptions {
  /** A file of certificates (PEM) to trust. @default the system's */
  readonly caFile?: string | undefined;
  /** The client's certificate (PEM), where the server asks for one. @default none */
  readonly certFile?: string | undefined;
  /** The key (PEM) of `certFile`. @default none */
  readonly keyFile?: string | undefined;
  /** Begin with the TLS handshake, for a server with `handshake_first`. @default false */
  readonly handshakeFirst?: boolean | undefined;
}

/** Options of {@link createNatsStore}. */
export interface NatsStoreOptions extends StoreOptions {
  /** The KV bucket: letters, digits, `-` and `_`. */
  readonly bucket: string;
  /** Put before every key, as it is; a separator such as `/` is part of it. At most 256 UTF-8 bytes. @default "" */
  readonly prefix?: string | undefined;
  /** Addresses as `host:port`; several of one cluster. @default none: then `client` must be given */
  readonly servers?: readonly string[] | undefined;
  /** @default none */
  readonly user?: string | undefined;
  /** @default none */
  readonly password?: string | undefined;
  /** Instead of user and password. @default none */
  readonly token?: string | undefined;
  /** A `.creds` file with the user's JWT and key; it is read again for each connection. @default none */
  readonly credsFile?: string | undefined;
  /** `true`: insist on TLS; `false`: never use it. @default as the server wants */
  readonly tls?: boolean | NatsTlsOptions | undefined;
  /** How many servers keep each checkpoint. An existing bucket with another number is refused. @default 1, or what the bucket has */
  readonly replicas?: number | undefined;
  /** Where the server keeps the bucket. One in memory does not survive the server and must be asked for. @default "file" */
  readonly storage?: "file" | "memory" | undefined;
  /**
   * Whether a bucket that is missing is created, and per-key TTL is switched on in one that has it off.
   *
   * @default true
   */
  readonly create?: boolean | undefined;
  /** The prefix of the subjects for answers, where permissions prescribe one. @default "_INBOX" */
  readonly inboxPrefix?: string | undefined;
  /** A connection of your own, of `@nats-io/transport-node` 3.x or `nats` 2.x. The store never closes it. @default none: the store connects */
  readonly client?: NatsClient | undefined;
}

const readers = {
  prefix: textOption,
  servers: textOption,
  creds: textOption,
  tls: booleanOption,
  tlsCa: textOption,
  tlsCert: textOption,
  tlsKey: textOption,
  tlsFirst: booleanOption,
  replicas: integerOption,
  storage: choiceOption("file", "memory"),
  create: booleanOption,
  inboxPrefix: textOption,
};

/**
 * Reads `nats://[user:password@ | token@]host[:port]/bucket?…`. What the URL leaves out comes from `NATS_URL` (the
 * address), `NATS_KV_BUCKET`, `NATS_CREDS_FILE` and `STATE_PREFIX`.
 *
 * @throws {CheckpointError} `invalid-argument`; the message does not repeat the URL
 * @example
 * ```ts
 * const options = parseNatsUrl(new URL("nats://127.0.0.1:4222/checkpoints?prefix=team-a/"), process.env);
 * ```
 */
export function parseNatsUrl(url: URL, environment: Readonly<Record<string, string | undefined>>): NatsStoreOptions {
  assertPathWithoutUser(url);
  const { servers, creds, tls, tlsCa, tlsCert, tlsKey, tlsFirst, ...rest } = readUrlOptions(url, readers);
  if (url.hash !== "") throw urlError("nats", 'it has a "#"; inside a password or an option, write %23');
  const address = url.host === "" ? addressFromEnvironment(environment) : addressOf(url);
  const more = servers === undefined ? [] : servers.split(",").map((server) => plainAddress(server.trim()));
  const hasIdentity = address.user !== undefined || address.token !== undefined;
  const credsFile = creds ?? (hasIdentity ? undefined : settingOf(environment, "NATS_CREDS_FILE"));
  const prefix = rest.prefix ?? settingOf(environment, "STATE_PREFIX");
  const { isTls, ...connection } = address;
  return {
    ...rest,
    ...connection,
    bucket: bucketOf(url) ?? settingOf(environment, "NATS_KV_BUCKET") ?? missing("a bucket", "NATS_KV_BUCKET"),
    servers: [...new Set([...address.servers, ...more])],
    ...(prefix === undefined ? {} : { prefix }),
    ...(credsFile === undefined ? {} : { credsFile }),
    ...tlsOptions(tls ?? (isTls ? true : undefined), { tlsCa, tlsCert, tlsKey, tlsFirst }),
  };
}

interface NatsAddress {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly isTls: boolean;
}

/** An address that may be shown: nothing in it can be a part of a user or a password. */
function plainAddress(address: string): string {
  if (/^(?:\[[\da-f:.]+\]|[\p{L}\p{N}._-]+)(?::\d{1,5})?$/iu.test(address)) return address;
  throw urlError(
    "nats",
    "an address of a server is not a host with a port, such as nats-1:4222; users and passwords stand before the host of the URL",
  );
}

function addressOf(url: URL): NatsAddress {
  const servers = [plainAddress(`${url.hostname}:${url.port === "" ? "4222" : url.port}`)];
  const isTls = url.protocol === "tls:";
  if (url.username === "") return { servers, isTls };
  // A user without a password is a token, as everywhere in NATS.
  if (url.password === "") return { servers, isTls, token: decode(url.username) };
  return { servers, isTls, user: decode(url.username), password: decode(url.password) };
}

/** `NATS_URL` may list several servers; user and password of the first are those of all. */
function addressFromEnvironment(environment: Readonly<Record<string, string | undefined>>): NatsAddress {
  const text = settingOf(environment, "NATS_URL") ?? missing("a host", "NATS_URL");
  const addresses = text.split(",").map((part) => {
    const full = part.includes("://") ? part.trim() : `nats://${part.trim()}`;
    const url = URL.canParse(full) ? new URL(full) : undefined;
    if (url === undefined || url.host === "" || !["nats:", "tls:"].includes(url.protocol)) {
      throw urlError("nats", "it has no host, and NATS_URL is not a list of addresses such as nats://127.0.0.1:4222");
    }
    return addressOf(url);
  });
  const [first = missing("a host", "NATS_URL")] = addresses;
  return { ...first, servers: addresses.flatMap((address) => address.servers) };
}

function bucketOf(url: URL): string | undefined {
  const path = url.pathname.replace(/^\/|\/$/gu, "");
  if (path.includes("/")) throw urlError("nats", "its path is more than the bucket; give a prefix as ?prefix=…");
  return nonEmpty(decode(path));
}

function tlsOptions(
  tls: boolean | undefined,
  {
    tlsCa,
    tlsCert,
    tlsKey,
    tlsFirst,
  }: Record<"tlsCa" | "tlsCert" | "tlsKey", string | undefined> & {
    readonly tlsFirst: boolean | undefined;
  },
): { readonly tls?: boolean | NatsTlsOptions } {
  const settings: NatsTlsOptions = { caFile: tlsCa, certFile: tlsCert, keyFile: tlsKey, handshakeFirst: tlsFirst };
  if (Object.values(settings).every((value) => value === undefined)) return tls === undefined ? {} : { tls };
  if (tls === false) throw urlError("nats", "tls=false excludes the options tlsCa, tlsCert, tlsKey and tlsFirst");
  return { tls: settings };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError("nats", "it has a % that begins no escape; write %25");
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}

function missing(what: string, variable: string): never {
  throw urlError("nats", `it has no ${what.replace("a ", "")}, and ${variable} is not set`);
}
