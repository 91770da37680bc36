import type { ActorHandler } from "@holdpoint/actors";
import { createResumeActor } from "@holdpoint/actors";
import { createLocalMesh } from "@holdpoint/actors/mesh";
import type { PauseMetadata } from "@holdpoint/asya";
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";

interface Contract {
  readonly customer: string;
  readonly signers: readonly string[];
}

async function main(): Promise<void> {
  const store = await openStore("memory:");
  const ledger = createPauseLedger(store);

  /** A pause point of its own: the question, and the answers to choose from, come from the message. */
  const askSigner: ActorHandler = async (message, { signal, takeBytes }) => {
    const { customer, signers } = message.payload as Contract;
    const metadata: PauseMetadata = {
      prompt: `Who signs the contract with ${customer}?`,
      fields: [{ name: "signer", type: "string", options: signers, payload_key: "/signature/by" }],
    };
    const { message: paused } = await ledger.pause(message, { metadata, signal, admit: takeBytes });
    return paused;
  };

  const mesh = await createLocalMesh({
    actors: {
      "ask-signer": askSigner,
      "x-resume": createResumeActor({ ledger, validation: "strict" }),
      archive: async ({ payload }) => ({ payload }),
    },
    nonRetryableErrors: ["InvalidInputError"],
  });

  const contract: Contract = { customer: "Acme", signers: ["Ada", "Grace"] };
  const task = mesh.send(["ask-signer", "archive"], contract);
  const paused = await task.outcome;
  console.log(paused.kind === "paused" && paused.metadata["prompt"]); // Who signs the contract with Acme?

  // What is not among the choices is refused, and the task goes on waiting.
  const refused = await mesh.resume(task.envelope.id, { signer: "Bob" }).outcome;
  console.log(refused.kind === "failed" && refused.error.type); // InvalidInputError

  const signed = await mesh.resume(task.envelope.id, { signer: "Grace" }).outcome;
  console.log(signed.kind, (signed.envelope.payload as { signature: unknown }).signature); // finished { by: 'Grace' }
  await mesh.close();
  await store.close();
}

void main();
