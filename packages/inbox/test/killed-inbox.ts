import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { ApiToken } from "../src/index.ts";

/** What an inbox in a process of its own is to be. */
export interface KilledInboxOptions {
  readonly storeUrl: string;
  readonly port: number;
  readonly slackUrl?: string | undefined;
  readonly gatewayUrl?: string | undefined;
  readonly webhook?: { readonly url: string; readonly secret: string } | undefined;
  readonly apiTokens?: readonly ApiToken[] | undefined;
  /** Ends itself, as by `kill -9`, before or after its so manieth write to the store. */
  readonly killAt?: { readonly write: number; readonly when: "before" | "after" } | undefined;
}

/** An inbox in a process of its own, which is started again whenever it was killed. */
export class KilledInbox implements AsyncDisposable {
  readonly url: string;
  readonly #options: KilledInboxOptions;
  #child: ChildProcess;
  #isOver = false;
  /** The token that was printed last. */
  token = "";
  #cookie = "";
  kills = 0;

  constructor(options: KilledInboxOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}/`;
    this.#child = this.#start(options);
  }

  /** Kills it, if it has not been killed before. */
  kill(): void {
    if (this.kills === 0) this.#child.kill("SIGKILL");
  }

  /**
   * Follows a link, logs in, and sends the form that is there; comes back where the inbox was away meanwhile. Resolves
   * once the page has no form any more.
   */
  async answerAt(link: string, action: string, fields: Readonly<Record<string, string>>): Promise<void> {
    for (;;) {
      try {
        const page = await this.#open(link);
        if (page !== undefined && !page.includes("<article")) throw new Error(`there is no question: ${page}`);
        const form = page?.split("<form").find((part) => part.includes(`action="/${action}`));
        if (page !== undefined && form === undefined) return;
        const token = /name="token" value="([^"]+)"/u.exec(form ?? "")?.[1];
        if (token !== undefined) await this.#post(link, { token, ...fields });
      } catch (error) {
        // Whoever is not reached is tried again: fetch says that by a TypeError.
        if (!(error instanceof TypeError)) throw error;
      }
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #start(options: KilledInboxOptions): ChildProcess {
    const script = fileURLToPath(new URL("killed-inbox-main.ts", import.meta.url));
    const child = spawn(process.execPath, ["--conditions=source", script, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface(child.stdout).on("line", (token) => (this.token = token));
    child.once("exit", () => {
      if (this.#isOver) return;
      this.kills += 1;
      this.#child = this.#start({ ...this.#options, killAt: undefined });
    });
    return child;
  }

  /** A page, after a login where that is wanted; `undefined` where that did not succeed yet. */
  async #open(link: string): Promise<string | undefined> {
    const response = await fetch(link, { headers: { cookie: this.#cookie }, redirect: "manual" });
    if (response.status === 200) return await response.text();
    const login = new URL(response.headers.get("location") ?? "", this.url);
    const next = login.searchParams.get("next") ?? "";
    const entered = await fetch(new URL("login", this.url), {
      method: "POST",
      body: new URLSearchParams({ token: this.token, next }),
      redirect: "manual",
    });
    this.#cookie = entered.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    return undefined;
  }

  async #post(link: string, fields: Readonly<Record<string, string>>): Promise<void> {
    const headers = { cookie: this.#cookie };
    await fetch(link, { method: "POST", body: new URLSearchParams(fields), headers, redirect: "manual" });
  }
}

/**
 * Tells a story again and again, each time with an inbox that is killed before or after another of its writes, until
 * there is none to kill it at. A story resolves to how often that happened. Resolves to the write that there was not.
 */
export async function killAtEachWrite(
  story: (killAt: NonNullable<KilledInboxOptions["killAt"]>) => Promise<number>,
): Promise<number> {
  for (let write = 1; ; write += 1) {
    let kills = 0;
    for (const when of ["before", "after"] as const) kills += await story({ write, when });
    if (kills === 0) return write;
  }
}
