import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { testProgram } from "@holdpoint/test-servers";
import { describe, expect, it } from "vitest";

import { InboxError, proxyLogin } from "../src/index.ts";
import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import { openInbox } from "./open-inbox.ts";

const nginx = testProgram("nginx");
const issuer = "https://proxy.example.com";

/** An nginx before an inbox, which has logged in whoever names themselves in `x-test-login`. */
async function startNginx(inboxUrl: string, port: number): Promise<AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "hp-nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  const configuration = `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
events {}
http {
  ${temporary.join("\n  ")}
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${inboxUrl};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-User $http_x_test_login;
      proxy_set_header X-Forwarded-Groups $http_x_test_groups;
    }
  }
}
`;
  await writeFile(join(directory, "nginx.conf"), configuration);
  const child = spawn(nginx ?? "nginx", ["-c", join(directory, "nginx.conf"), "-e", join(directory, "error.log")], {
    stdio: "ignore",
  });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (
      await fetch(`http://127.0.0.1:${port}/icon.svg`).then(
        () => true,
        () => false,
      )
    )
      break;
    await sleep(50);
  }
  return {
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

describe.skipIf(nginx === undefined)("behind a real proxy", () => {
  it("somebody is whom the proxy says, whatever they say themselves", async () => {
    const [port = 0] = await findFreePorts(1);
    const url = `http://127.0.0.1:${port}/`;
    const authentication = proxyLogin({
      peers: ["127.0.0.1"],
      userHeader: "x-forwarded-user",
      groupsHeader: "x-forwarded-groups",
      issuer,
    });
    const rules = { administrators: ["admins"], labels: {} };
    await using inbox = await openInbox({ authentication, rules, url });
    await using stack = new AsyncDisposableStack();
    stack.use(await startNginx(`http://127.0.0.1:${inbox.port}`, port));
    await inbox.holds.open("a", { ask: { message: "Refund?" } });
    const ask = async (headers: Readonly<Record<string, string>>, init: RequestInit = {}): Promise<Response> =>
      await fetch(`${url}hold?id=a`, { ...init, headers, redirect: "manual" });

    const ada = { "x-test-login": "ada", "x-test-groups": "staff, admins", "x-forwarded-user": "eve" };
    const page = await (await ask(ada)).text();
    expect(page).toContain("Refund?");
    expect(page).toContain("ada");
    expect(page).not.toContain("Log out");
    const token = / action="\/hold[^>]*>\s*<input type="hidden" name="token" value="([^"]+)"/u.exec(page)?.[1] ?? "";
    const body = new URLSearchParams({ token, decision: "approve" });
    expect((await ask(ada, { method: "POST", body })).status).toBe(303);
    expect(await inbox.holds.inspect("a")).toMatchObject({ answer: { by: { issuer, subject: "ada" } } });

    expect((await ask({ "x-test-login": "bob", "x-test-groups": "staff" })).status).toBe(404);
    // Whom the proxy has not logged in, it names nobody, and what they say themselves does not pass.
    const unknown = await ask({ "x-forwarded-user": "ada", "x-forwarded-groups": "admins" });
    expect(unknown.headers.get("location")).toContain("/login");
    expect((await fetch(new URL("login", url))).status).toBe(403);
  });
});

describe("a header of a proxy", () => {
  it.each([
    ["comes from elsewhere", ["10.0.0.7"], { "x-forwarded-user": "ada" }, false],
    ["comes from a range that is listed", ["127.0.0.0/8"], { "x-forwarded-user": "ada" }, true],
    [
      "comes twice",
      ["127.0.0.1"],
      [
        ["x-forwarded-user", "ada"],
        ["x-forwarded-user", "eve"],
      ] as [string, string][],
      false,
    ],
    ["is empty", ["127.0.0.1"], { "x-forwarded-user": " " }, false],
    ["does not come", ["127.0.0.1"], {}, false],
  ])(
    "that %s",
    async (_how, peers: readonly string[], headers: Readonly<Record<string, string>> | [string, string][], isLet) => {
      const authentication = proxyLogin({ peers, userHeader: "x-forwarded-user", issuer });
      await using inbox = await openInbox({ authentication });
      const response = await fetch(inbox.url, { headers, redirect: "manual" });
      expect(response.status).toBe(isLet ? 200 : 303);
    },
  );

  it.each([
    ["once", "staff, guests", 200],
    ["twice", ["staff", "admins"], 303],
  ] as const)("of groups is believed that comes %s as it should", async (_how, groups, status) => {
    const headers = ["x-forwarded-user", "x-forwarded-groups"] as const;
    const authentication = proxyLogin({
      peers: ["127.0.0.1"],
      userHeader: headers[0],
      groupsHeader: headers[1],
      issuer,
    });
    await using inbox = await openInbox({ authentication });
    // fetch makes one line of what comes twice.
    const request = get(inbox.url, { headers: { [headers[0]]: "eve", [headers[1]]: groups as string | string[] } });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(status);
  });

  it.each([[[]], [["proxy.example.com"]], [["10.0.0.0/33"]], [["10.0.0.0/x"]], [["::1/129"]]])(
    "is believed from addresses only, and not from %j",
    (peers: readonly string[]) => {
      expect(() => proxyLogin({ peers, userHeader: "x-forwarded-user", issuer })).toThrow(InboxError);
    },
  );
});
