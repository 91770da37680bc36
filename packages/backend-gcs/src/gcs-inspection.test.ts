import { describe, expect, it } from "vitest";

import { describeSettings } from "./gcs-inspection.ts";

// Buckets as https://cloud.google.com/storage/docs/json_api/v1/buckets describes them; the emulator knows no rules.
describe("describeSettings", () => {
  const levels = (settings: Parameters<typeof describeSettings>[0]): readonly string[] =>
    describeSettings(settings, "team-a/").map(({ level, subject }) => `${level} ${subject}`);
  const rule = (type: string, condition: object): object => ({
    lifecycle: { rule: [{ action: { type }, condition }] },
  });

  it.each([
    ["no rules", {}, "ok lifecycle"],
    ["a rule for everything", rule("Delete", { age: 30 }), "warning lifecycle"],
    ["a rule for the store's tasks", rule("Delete", { age: 30, matchesPrefix: ["team-a/"] }), "warning lifecycle"],
    ["a rule for its holds", rule("Delete", { age: 30, matchesPrefix: ["team-a/holds/"] }), "warning lifecycle"],
    ["a rule for what has ended", rule("Delete", { age: 30, matchesPrefix: ["team-a/hold-leases/"] }), "ok lifecycle"],
    ["a rule for others", rule("Delete", { age: 30, matchesPrefix: ["team-b/"] }), "ok lifecycle"],
    ["a rule that moves", rule("SetStorageClass", { age: 30 }), "ok lifecycle"],
  ])("judges %s", (_title, settings, expected) => {
    expect(levels(settings)[0]).toBe(expected);
  });

  it("finds what keeps objects from being overwritten", () => {
    expect(levels({ retentionPolicy: { retentionPeriod: "3600" } })).toContain("problem retention");
    expect(levels({ defaultEventBasedHold: true })).toContain("problem retention");
    expect(levels({ defaultEventBasedHold: false, versioning: { enabled: true } })).toEqual([
      "ok lifecycle",
      "ok versioning",
    ]);
  });
});
