import { openStore } from "@holdpoint/core";
import { createHolds, HoldError } from "@holdpoint/core/holds";

await using store = await openStore("memory:");
const holds = createHolds(store);

// People as whoever vouches for them says: a name that anybody can type would let one person be two.
const employee = (subject: string) => ({ issuer: "https://login.example.com", subject });

await holds.open(
  "refund-42",
  {
    ask: {
      message: "Refund 5000 to Ada?",
      details: "Order 42 arrived **broken**.",
      decisions: ["approve", "edit", "reject"],
      schema: { type: "object", properties: { amount: { type: "integer", maximum: 5000 } }, required: ["amount"] },
    },
    content: { amount: 5000 },
    approvals: 2,
    notBy: [employee("clara")],
    labels: { team: "billing" },
  },
  { by: employee("clara") },
);

const answer = async (subject: string, given: { decision: string; content?: unknown }): Promise<string> => {
  try {
    const { outcome, approvalsLeft } = await holds.answer("refund-42", given, { by: employee(subject) });
    return `${outcome}, ${approvalsLeft} left`;
  } catch (error) {
    if (HoldError.is(error)) return error.code;
    throw error;
  }
};

const less = { decision: "edit", content: { amount: 50 } };
console.log(await answer("clara", { decision: "approve" })); // not-allowed
console.log(await answer("bob", { decision: "edit", content: { amount: 50_000 } })); // invalid-answer
console.log(await answer("bob", less)); // voted, 1 left
console.log(await answer("bob", less)); // found, 1 left
console.log(await answer("dora", less)); // answered, 0 left

const payments: number[] = [];
const pay = () =>
  holds.act<string, { amount: number }>("refund-42", ({ content }) => `payment ${payments.push(content.amount)}`);
console.log([await pay(), await pay()].map((done) => done.outcome === "done" && done.receipt)); // [ 'payment 1', 'payment 1' ]
console.log(payments); // [ 50 ]
