import type { HoldRequest, OpenOptions } from "@holdpoint/core/holds";

/** A hold to be asked. */
export interface SampleHold {
  readonly id: string;
  readonly request: HoldRequest;
  readonly by: NonNullable<OpenOptions["by"]>;
}

const hourMs = 3_600_000;

/** Questions as programs ask them: an approval, a value, a change. */
export const sampleHolds: readonly SampleHold[] = [
  {
    id: "refund-1042",
    by: "billing-agent",
    request: {
      ask: {
        message: "Refund 249.00 € to Ada Lindqvist?",
        details:
          "The parcel of order **1042** arrived with a broken screen. Photos are attached to [the ticket](https://support.example.com/tickets/8812).\n\nShe has been a customer since 2019 and has never asked for a refund.",
        decisions: ["approve", "edit", "reject"],
        schema: {
          type: "object",
          properties: {
            amount: { type: "number", title: "Amount", description: "In euro; at most what was paid.", maximum: 249 },
            reason: { type: "string", title: "Reason on the statement", maxLength: 60 },
          },
          required: ["amount"],
        },
      },
      content: { amount: 249, reason: "Damaged on arrival" },
      labels: { team: "billing" },
      expiresInMs: 6 * hourMs,
    },
  },
  {
    id: "deploy-7f3a",
    by: "release-agent",
    request: {
      ask: {
        message: "Deploy release 4.12 to production?",
        details: "All checks passed. The migration adds an index and takes about *two minutes*; nothing is locked.",
        decisions: ["approve", "reject", { name: "tonight", label: "Tonight, after 22:00", approving: true }],
      },
      content: {
        release: "4.12.0",
        commit: "7f3a9c1",
        services: [
          { service: "api", from: "4.11.3", replicas: 12 },
          { service: "worker", from: "4.11.3", replicas: 30 },
          { service: "web", from: "4.11.2", replicas: 8 },
        ],
        migration: { name: "add-index-on-orders", reversible: true },
      },
      labels: { team: "platform", environment: "production" },
    },
  },
  {
    id: "campaign-brief",
    by: "campaign-agent",
    request: {
      ask: {
        message: "Where and when should the campaign run?",
        details: "The draft is ready. These four answers are all that is missing.",
        schema: {
          type: "object",
          properties: {
            region: { type: "string", title: "Region", enum: ["Nordics", "Central Europe", "Iberia"] },
            start: { type: "string", format: "date", title: "First day" },
            channels: { type: "array", title: "Channels", items: { enum: ["E-mail", "Search", "Radio"] } },
            budget: { type: "integer", title: "Budget", description: "In euro, for all of it.", minimum: 500 },
          },
          required: ["region", "start", "budget"],
        },
      },
      labels: { team: "marketing" },
    },
  },
];
