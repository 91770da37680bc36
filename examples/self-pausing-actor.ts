import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

import type { ActorHandler } from "@holdpoint/actors";
import { createLocalMesh, crewActor } from "@holdpoint/actors/mesh";

/** Lets small refunds pass, and sends large ones to a person first. */
const checkRefund: ActorHandler = async ({ payload, route }) => {
  const { amount } = payload as { amount: number };
  if (amount <= 100) return { payload };
  // x-pause is not in the message's route; from here on it is, and the task waits there.
  return { payload, next: ["x-pause", ...route.next] };
};

const payRefund: ActorHandler = async ({ payload }) => ({ payload: { ...(payload as object), paid: true } });

async function main(): Promise<void> {
  const env = { ASYA_PERSISTENCE_MOUNT: await mkdtemp(`${tmpdir()}/refunds-`) };
  const mesh = await createLocalMesh({
    actors: {
      "check-refund": checkRefund,
      "pay-refund": payRefund,
      "x-pause": crewActor("x-pause", env),
      "x-resume": crewActor("x-resume", env),
    },
  });

  const small = await mesh.send(["check-refund", "pay-refund"], { amount: 20 }).outcome;
  console.log(small.kind, small.envelope.payload); // finished { amount: 20, paid: true }

  const large = mesh.send(["check-refund", "pay-refund"], { amount: 5000 });
  console.log((await large.outcome).kind); // paused

  const resumed = await mesh.resume(large.envelope.id, { approvedBy: "Ada" }).outcome;
  console.log(resumed.kind, resumed.envelope.payload); // finished { amount: 5000, approvedBy: 'Ada', paid: true }
  await mesh.close();
}

void main();
