import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import * as v from "valibot";

import type { Viewer } from "../viewer.ts";

const lifetimeMs = 12 * 3_600_000;
const cookieName = "holdpoint";

const name = v.pipe(v.string(), v.nonEmpty());
const sessionSchema = v.object({
  person: v.union([name, v.object({ issuer: name, subject: name })]),
  until: v.number(),
});

/** Who has logged in, in a signed cookie: several inboxes with one key share it, and no store is asked. */
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

  async begin(context: Context, { person }: Viewer): Promise<void> {
    const until = this.#now().getTime() + lifetimeMs;
    const value = Buffer.from(JSON.stringify({ person, until })).toString("base64url");
    // Lax: a link in a message opens with the login that is there, and no other site's form is sent with it.
    await setSignedCookie(context, cookieName, value, this.#key, {
      path: "/",
      httpOnly: true,
      sameSite: "Lax",
      maxAge: lifetimeMs / 1_000,
      ...(this.#isSecure ? { secure: true, prefix: "host" } : {}),
    });
  }

  async find(context: Context): Promise<Viewer | undefined> {
    const value = await (this.#isSecure
      ? getSignedCookie(context, this.#key, cookieName, "host")
      : getSignedCookie(context, this.#key, cookieName));
    if (typeof value !== "string") return undefined;
    const session = v.parse(sessionSchema, JSON.parse(Buffer.from(value, "base64url").toString()));
    return session.until > this.#now().getTime() ? { person: session.person } : undefined;
  }

  end(context: Context): void {
    deleteCookie(context, cookieName, {
      path: "/",
      ...(this.#isSecure ? { secure: true, prefix: "host" } : {}),
    });
  }
}
