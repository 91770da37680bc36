import type { Person } from "@holdpoint/core/holds";
import { describe, expect, it } from "vitest";

import type { Viewer } from "../viewer.ts";
import { Access } from "./access.ts";

const rules = {
  administrators: ["admins"],
  labels: {
    "team=billing": { answer: ["billing"], see: ["support"] },
    "environment=production": { answer: ["operators"] },
    "region=*": { see: ["everybody"] },
  },
};
const access = new Access(rules, false);
const viewer = (...groups: readonly string[]): Viewer => ({ person: "ada", groups });
const hold = (labels: Readonly<Record<string, string>>) => ({ kind: "hold", id: "a", labels }) as const;

describe("the rules", () => {
  it("let the groups of a label see, or see and answer, and administrators everything", () => {
    const billing = hold({ team: "billing", order: "1042" });
    const rights = (...groups: readonly string[]): readonly boolean[] => [
      access.maySee(viewer(...groups), billing),
      access.mayAnswer(viewer(...groups), billing),
    ];
    expect(rights("billing")).toEqual([true, true]);
    expect(rights("support")).toEqual([true, false]);
    expect(rights("admins")).toEqual([true, true]);
    expect(rights("operators")).toEqual([false, false]);
    expect(rights()).toEqual([false, false]);
  });

  it("keep what has no label that they name for administrators", () => {
    for (const labels of [{}, { team: "other" }, { constructor: "x" }, { "team=billing": "" }]) {
      expect(access.maySee(viewer("billing", "support", "operators"), hold(labels))).toBe(false);
      expect(access.maySee(viewer("admins"), hold(labels))).toBe(true);
    }
  });

  it("want all of the labels that they name, so that one more label never lets anybody in", () => {
    const both = hold({ team: "billing", environment: "production" });
    expect(access.mayAnswer(viewer("billing"), both)).toBe(false);
    expect(access.mayAnswer(viewer("operators"), both)).toBe(false);
    expect(access.mayAnswer(viewer("billing", "operators"), both)).toBe(true);
  });

  it("name every value of a label by a star", () => {
    expect(access.maySee(viewer("everybody"), hold({ region: "eu" }))).toBe(true);
    expect(access.mayAnswer(viewer("everybody"), hold({ region: "eu" }))).toBe(false);
  });

  it("let those who came by a link see one hold, and nothing by its labels", () => {
    const byLink: Viewer = { person: "link:ada", groups: ["admins"], link: { id: "a", right: "look", token: "t" } };
    expect(access.maySee(byLink, hold({}))).toBe(true);
    expect(access.mayAnswer(byLink, hold({}))).toBe(false);
    expect(access.maySee(byLink, { ...hold({}), id: "b" })).toBe(false);
    expect(access.maySee(byLink, { ...hold({}), kind: "task" })).toBe(false);
  });
});

it("whoever asked may reject, and neither approve nor give a value", () => {
  const ada: Person = { issuer: "https://login.example.com", subject: "ada" };
  const asked = (openedBy: Person | undefined, openedVia?: Person) => ({ openedBy, openedVia });
  const [approve, reject] = [
    { name: "approve", approving: true },
    { name: "reject", approving: false },
  ];
  expect(access.mayDecide(ada, asked(ada), approve)).toBe(false);
  expect(access.mayDecide(ada, asked(ada), undefined)).toBe(false);
  expect(access.mayDecide(ada, asked(ada), reject)).toBe(true);
  expect(access.mayDecide(ada, asked("ada"), approve)).toBe(true);
  expect(access.mayDecide(ada, asked(undefined), approve)).toBe(true);
  expect(access.mayDecide(ada, asked("grace", ada), approve)).toBe(false);
  expect(new Access(rules, true).mayDecide(ada, asked(ada), approve)).toBe(true);
});
