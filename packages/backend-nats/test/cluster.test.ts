import { CheckpointError, openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { testServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { NatsServers } from "./configured-servers.ts";
import type { ConfiguredServer } from "./configured-servers.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(testServer("nats").isMissing)("a cluster of three", () => {
  let servers: NatsServers;
  let members: readonly ConfiguredServer[];
  // One on each member, so that two of them do not talk to the leader.
  let stores: readonly CheckpointStore[];

  beforeAll(async () => {
    servers = await NatsServers.open();
    members = await servers.runCluster(3);
    const others = members.map(({ address }) => address).join(",");
    stores = await vi.waitFor(
      async () =>
        await Promise.all(
          members.map(({ address }) => openStore(`nats://${address}/checkpoints?replicas=3&servers=${others}`)),
        ),
      { timeout: 50_000, interval: 500 },
    );
  });

  afterAll(async () => {
    await Promise.all((stores ?? []).map((store) => store.close()));
    await servers?.[Symbol.asyncDispose]();
  });

  const storeOf = (turn: number): CheckpointStore => stores[turn % stores.length] as CheckpointStore;

  test("shows every acknowledged write and deletion to everybody at once", async () => {
    for (let turn = 0; turn < 60; turn += 1) {
      const [writer, reader] = [storeOf(turn), storeOf(turn + 1 + (turn % 2))];
      const key = `seen/${turn}`;
      await writer.put(key, bytes("a"));
      expect(await reader.get(key)).not.toBeNull();
      expect((await Array.fromAsync(reader.list({ prefix: key }))).length).toBe(1);
      await writer.delete(key);
      expect(await reader.get(key)).toBeNull();
      expect(await Array.fromAsync(reader.list({ prefix: key }))).toEqual([]);
    }
  });

  test("lets one of many win", async () => {
    for (let round = 0; round < 15; round += 1) {
      const { version } = await storeOf(round).put(`claim/${round}`, bytes("paused"));
      const claims = Array.from({ length: 9 }, (_, index) =>
        storeOf(index).put(`claim/${round}`, bytes(`claimed by ${index}`), { ifVersion: version }),
      );
      const results = await Promise.allSettled(claims);
      const losers = results.filter((result) => result.status === "rejected");
      expect(losers).toHaveLength(8);
      for (const { reason } of losers) expect(reason).toMatchObject({ code: "conflict", outcome: "not-applied" });
    }
  });

  test("keeps large values where it keeps their entries", async () => {
    await storeOf(0).put("large", new Uint8Array(1_500_000).fill(7));
    expect((await storeOf(1).get("large"))?.body.byteLength).toBe(1_500_000);
    const connection = await connect({ servers: members[0]?.address ?? "" });
    const { config } = await (await jetstreamManager(connection)).streams.info("OBJ_checkpoints-bodies");
    expect(config.num_replicas).toBe(3);
    await connection.close();
  });

  test("loses no acknowledged write with the leader", async () => {
    const connection = await connect({ servers: members.map(({ address }) => address) });
    const { cluster } = await (await jetstreamManager(connection)).streams.info("KV_checkpoints");
    await connection.close();
    const leader = members.find(({ address }) => cluster?.leader === `nats-${address.split(":")[1]}`);
    const acknowledged = new Set<string>();
    let stopped: Promise<void> | undefined;
    for (let turn = 0; turn < 60; turn += 1) {
      if (turn === 20) stopped = leader?.stop();
      const key = `kept/${turn}`;
      try {
        await storeOf(turn).put(key, bytes(key), { ifAbsent: true });
        acknowledged.add(key);
      } catch (error) {
        // Some time without a leader is allowed; a false conflict is not.
        expect(CheckpointError.is(error) && ["unavailable", "timeout"].includes(error.code)).toBe(true);
      }
    }
    await stopped;
    expect(acknowledged.size).toBeGreaterThan(40);
    const listed = await Array.fromAsync(storeOf(1).list({ prefix: "kept/" }));
    const keys = new Set(listed.map(({ key }) => key));
    expect([...acknowledged].filter((key) => !keys.has(key))).toEqual([]);
  });
});
