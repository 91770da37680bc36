import type { RequestOptions } from "node:http";

import { Client } from "minio";
import { expect, test } from "vitest";

import { ReadSigner } from "./read-signer.ts";
import type { SigningCredentials } from "./read-signer.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

/** A request as the `minio` client signs it, which signs the same headers. */
async function signedByMinio(
  name: string,
  { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken }: SigningCredentials,
): Promise<{ readonly path: string; readonly headers: Record<string, string> }> {
  const sent: RequestOptions[] = [];
  const transport = {
    request: (options: RequestOptions): never => {
      sent.push(options);
      throw new Error("not sent");
    },
  };
  const to = {
    endPoint: "store.example",
    port: 9000,
    useSSL: false,
    region: "eu-west-1",
    transport: transport as never,
  };
  const client = new Client({ ...to, accessKey, secretKey, ...(sessionToken === undefined ? {} : { sessionToken }) });
  await expect(client.getObject("bucket", name)).rejects.toThrow("not sent");
  return { path: sent[0]?.path ?? "", headers: sent[0]?.headers as Record<string, string> };
}

test.each([
  ["long-lived keys", credentials],
  ["a session's", { ...credentials, sessionToken: "FwoGZXIvYXdzEXAMPLE/+=" }],
])("signs as the minio client does, with %s", async (_whose, keys) => {
  const signer = new ReadSigner();
  for (const name of ["paused/task-1.json", "a b/=C3=A9=end", "ü(1)!'*~/x"]) {
    const { path, headers } = await signedByMinio(name, keys);
    const at = headers["x-amz-date"]?.replace(/^(....)(..)(.....)(..)(..)Z$/u, "$1-$2-$3:$4:$5Z") ?? "";
    const { "user-agent": _agent, "content-length": _length, ...signed } = headers;
    expect(signer.sign({ host: "store.example:9000", path, region: "eu-west-1" }, keys, new Date(at))).toEqual(signed);
  }
});

test("derives another key for another day, region and secret", () => {
  const request = { host: "store.example", path: "/bucket/key", region: "eu-west-1" };
  const today = new Date("2026-11-29T23:59:59Z");
  const others = [
    [request, credentials, new Date("2026-11-30T00:00:00Z")],
    [{ ...request, region: "us-east-1" }, credentials, today],
    [request, { ...credentials, secretAccessKey: "another" }, today],
  ] as const;
  for (const [other, keys, at] of others) {
    const used = new ReadSigner();
    const before = used.sign(request, credentials, today);
    expect(used.sign(other, keys, at)).toEqual(new ReadSigner().sign(other, keys, at));
    expect(used.sign(request, credentials, today)).toEqual(before);
  }
});
