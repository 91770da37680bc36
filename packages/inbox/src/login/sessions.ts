import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import * as v from "valibot";

import type { Viewer } from "../viewer.ts";
import type { LoginFlow } from "./open-id-login.ts";

const lifetimeMs = 12 * 3_600_000;
const flowLifetimeMs = 15 * 60_000;

const name = v.pipe(v.string(), v.nonEmpty());
const sessionSchema = v.object({
  person: v.union([name, v.object({ issuer: name, subject: name })]),
  name: v.optional(v.string()),
  groups: v.array(v.string()),
  until: v.number(),
});
const flowSchema = v.object({
  verifier: name,
  state: name,
  nonce: name,
  next: name,
  until: v.number(),
});

/** A login that is under way, and where it is to lead. */
export interface KeptFlow extends LoginFlow {
  readonly next: string;
}

/** Who has logged in, in signed cookies: several inboxes with one key share them, and no store is asked. */
export class Sessions {
  readonly #key: Uint8Array<ArrayBuffer>;
  readonly #isSecure: boolean;
  readonly #now: () => Date;

  /** @param isSecure whether people reach the inbox by HTTPS */
  constructor(key: Uint8Array<ArrayBuffer>, isSecure: boolean, now: () => Date) {
    this.#key = key;
    this.#isSecure = isSecure;
    this.#now = now;
  }

  async begin(context: Context, { person, name: shown, groups }: Viewer): Promise<void> {
    await this.#keep(context, "holdpoint", { person, name: shown, groups }, lifetimeMs);
  }

  async find(context: Context): Promise<Viewer | undefined> {
    const session = await this.#read(context, "holdpoint", sessionSchema);
    if (session === undefined) return undefined;
    const { person, name: shown, groups } = session;
    return { person, groups, ...(shown === undefined ? {} : { name: shown }) };
  }

  end(context: Context): void {
    this.#remove(context, "holdpoint");
  }

  async beginFlow(context: Context, flow: KeptFlow): Promise<void> {
    await this.#keep(context, "holdpoint-login", flow, flowLifetimeMs);
  }

  /** The login that is under way, once. */
  async takeFlow(context: Context): Promise<KeptFlow | undefined> {
    const flow = await this.#read(context, "holdpoint-login", flowSchema);
    this.#remove(context, "holdpoint-login");
    return flow;
  }

  async #keep(context: Context, cookie: string, value: object, keepMs: number): Promise<void> {
    const until = this.#now().getTime() + keepMs;
    // The name in it keeps one cookie from being taken for the other.
    const text = Buffer.from(JSON.stringify({ cookie, ...value, until })).toString("base64url");
    // Lax: a link in a message opens with the login that is there, and no other site's form is sent with it.
    await setSignedCookie(context, cookie, text, this.#key, {
      path: "/",
      httpOnly: true,
      sameSite: "Lax",
      maxAge: keepMs / 1_000,
      ...(this.#isSecure ? { secure: true, prefix: "host" } : {}),
    });
  }

  async #read<Value extends { readonly until: number }>(
    context: Context,
    cookie: string,
    schema: v.GenericSchema<unknown, Value>,
  ): Promise<Value | undefined> {
    const text = await (this.#isSecure
      ? getSignedCookie(context, this.#key, cookie, "host")
      : getSignedCookie(context, this.#key, cookie));
    if (typeof text !== "string") return undefined;
    const value = JSON.parse(Buffer.from(text, "base64url").toString()) as { readonly cookie?: unknown };
    if (value.cookie !== cookie) return undefined;
    const kept = v.parse(schema, value);
    return kept.until > this.#now().getTime() ? kept : undefined;
  }

  #remove(context: Context, cookie: string): void {
    deleteCookie(context, cookie, { path: "/", ...(this.#isSecure ? { secure: true, prefix: "host" } : {}) });
  }
}
