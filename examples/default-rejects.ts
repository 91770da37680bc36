import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

// A clock that this example can put forward; leave it out, and it is the system's.
let now = Date.parse("2026-11-29T12:00:00Z");
await using store = await openStore("memory:");
const holds = createHolds(store, { now: () => new Date(now) });

await holds.open("delete-42", {
  ask: { message: "Delete the customer's data?" },
  expiresInMs: 3_600_000,
  onExpiry: { decision: "reject", comment: "Nobody answered within the hour." },
});

now += 3_600_000 + 5_000; // The hour, and five seconds in which clocks may differ.

// Who looks, reports; who answers, acts or expires, applies it.
console.log((await holds.inspect("delete-42"))?.isDue); // true
console.log(await holds.expire()); // { examined: 1, expired: 0, answered: 1 }

const done = await holds.act("delete-42", () => console.log("this never runs"));
console.log(done.outcome === "rejected" && done.answer?.comment); // Nobody answered within the hour.
