import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import { postJson, readPostAddress } from "./post-json.ts";
import { ReachableAddresses } from "./reachable-addresses.ts";

describe("a name of the configuration", () => {
  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
  ])("does not lead to %s, unless that is listed", (address) => {
    expect(new ReachableAddresses("hooks.example.com", [], true).isReachable(address)).toBe(false);
    expect(new ReachableAddresses("hooks.example.com", ["10.9.9.9", "fd99::/16"], true).isReachable(address)).toBe(
      false,
    );
    expect(new ReachableAddresses("hooks.example.com", [address], true).isReachable(address)).toBe(true);
    expect(new ReachableAddresses("hooks.example.com", ["0.0.0.0/0", "::/0"], false).isReachable(address)).toBe(true);
  });

  it.each(["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])("leads to %s, with TLS alone", (address) => {
    expect(new ReachableAddresses("hooks.example.com", [], true).isReachable(address)).toBe(true);
    expect(new ReachableAddresses("hooks.example.com", ["0.0.0.0/0", "::/0"], false).isReachable(address)).toBe(false);
  });

  it("that stands for this machine leads to it, and nowhere else", () => {
    const here = new ReachableAddresses("localhost", [], false);
    expect(["127.0.0.1", "::1", "10.0.0.1"].map((address) => here.isReachable(address))).toEqual([true, true, false]);
  });

  it("is resolved to what may be reached of it, or to nothing", async () => {
    const resolve = async (reachable: ReachableAddresses): Promise<unknown> =>
      await promisify(reachable.lookup)("localhost", { all: true });
    expect(await resolve(new ReachableAddresses("other.example.com", ["127.0.0.1"], true))).toContainEqual({
      address: "127.0.0.1",
      family: 4,
    });
    await expect(resolve(new ReachableAddresses("other.example.com", ["10.0.0.0/8"], true))).rejects.toMatchObject({
      code: "EPRIVATE",
    });
  });
});

describe("an address of the configuration", () => {
  it.each([
    ["http://hooks.example.com/", []],
    ["http://93.184.215.14/", ["10.0.0.0/8"]],
    ["https://user:hunter2@hooks.example.com/", []],
    ["ftp://hooks.example.com/hunter2", []],
    ["hunter2", []],
    ["https://hooks.example.com/", ["10.0.0.0/33"]],
    ["https://hooks.example.com/", ["10.0.0.0/8/8"]],
    ["https://hooks.example.com/", ["internal"]],
  ])("is refused: %s with %j", (url, privateAddresses) => {
    const read = (): unknown => readPostAddress("billing", { url, privateAddresses });
    expect(read).toThrow('of the target "billing".');
    expect(read).not.toThrow("hunter2");
  });

  it.each([
    ["https://hooks.example.com/", []],
    ["http://127.0.0.1:8080/", []],
    ["http://[::1]:8080/", []],
    ["http://localhost:8080/", []],
    ["http://10.1.2.3/", []],
    ["https://10.1.2.3/", []],
    ["http://billing.team.svc.cluster.local/", ["10.0.0.0/8"]],
  ])("is taken: %s with %j", (url, privateAddresses) => {
    expect(readPostAddress("billing", { url, privateAddresses })).toBeDefined();
  });

  it("is not posted to where its name leads to this machine unasked", async () => {
    // What a name leads to is for the resolver of this machine to say: here localhost stands for any name.
    let posts = 0;
    const server = createServer((_request, response) => {
      posts += 1;
      response.end();
    });
    server.listen(0);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = new URL(`http://localhost:${port}/`);
    const post = async (privateAddresses: readonly string[]): Promise<void> => {
      const reachable = new ReachableAddresses("hooks.example.com", privateAddresses, true);
      await postJson({ url, reachable }, "{}", {}, AbortSignal.timeout(5_000));
    };
    await expect(post([])).rejects.toThrow("its name leads to a private address that is not listed");
    expect(posts).toBe(0);
    await post(["127.0.0.1", "::1"]);
    expect(posts).toBe(1);
    server.close();
  });
});
