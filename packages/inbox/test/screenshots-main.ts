// Writes a picture of each page, wide and phone-sized, light and dark: pnpm screenshots [directory]
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { findProgram } from "@holdpoint/test-servers";
import { createPauseLedger } from "@holdpoint/asya";
import { NotApplied } from "@holdpoint/core/holds";
import type { Browser } from "playwright-core";

import { launchChromium } from "./chromium.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";
import { sampleHolds } from "../../../demo/sample-holds.ts";

const directory = process.argv[2] ?? ".screenshots";
const views = { wide: { width: 1_280, height: 860 }, phone: { width: 390, height: 844 } } as const;

interface Scene {
  readonly name: string;
  /** The path of the page. */
  readonly path: string;
  readonly prepare?: ((inbox: OpenInbox) => Promise<void>) | undefined;
  /** The button that is pressed, whatever the browser thinks of the form. */
  readonly press?: string | undefined;
}

const openSamples = async ({ holds }: OpenInbox): Promise<void> => {
  for (const { id, request, by } of sampleHolds) await holds.open(id, request, { by });
};

const long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(3);

const scenes: readonly Scene[] = [
  { name: "login", path: "login" },
  { name: "waiting-empty", path: "" },
  {
    name: "waiting-one",
    path: "",
    prepare: async ({ holds }) => {
      await holds.open("refund-7", { ask: { message: "Refund 12.00 € to Bo?" } }, { by: "billing-agent" });
    },
  },
  { name: "waiting", path: "", prepare: openSamples },
  {
    name: "waiting-thousand",
    path: "?page=3",
    prepare: async ({ holds }) => {
      for (let index = 0; index < 1_000; index += 1) {
        const ask = { message: `Refund ${((index * 37) % 400) + 5}.00 € for order ${20_000 + index}?` };
        await holds.open(
          `refund-${index}`,
          { ask, labels: { team: index % 3 === 0 ? "billing" : "support" } },
          { by: "billing-agent" },
        );
      }
    },
  },
  {
    name: "waiting-long",
    path: "",
    prepare: async ({ holds }) => {
      const labels = { [long.slice(0, 200)]: long.slice(0, 240), b: "c" };
      await holds.open(long.slice(0, 300), { ask: { message: `${long} ${long}` }, labels }, { by: long.slice(0, 400) });
      await holds.open("rtl", { ask: { message: "האם להחזיר 249 אירו לעדה?" } }, { by: "סוכן" });
    },
  },
  { name: "waiting-nothing-found", path: "?text=zebra", prepare: openSamples },
  { name: "hold-approval", path: "hold?id=refund-1042", prepare: openSamples },
  { name: "hold-table", path: "hold?id=deploy-7f3a", prepare: openSamples },
  { name: "hold-form", path: "hold?id=campaign-brief", prepare: openSamples },
  {
    name: "hold-long",
    path: "hold?id=long",
    prepare: async ({ holds }) => {
      const text = "This clause stands as it is. ".repeat(400);
      const content = {
        [long]: long,
        text,
        deep: { a: { b: { c: [1, 2, { d: long }] } } },
        list: Array.from({ length: 40 }, (_, index) => `item ${index}`),
      };
      const decisions = [{ name: "x", label: long.slice(0, 120), approving: true }, "reject"];
      await holds.open(
        "long",
        {
          ask: {
            message: `${long} ${long}`,
            details: `# Big\n\n${long}\n\n- a\n- b\n\n> quoted\n\n\`\`\`\ncode ${long}\n\`\`\``,
            decisions,
          },
          content,
          labels: { [long.slice(0, 200)]: long.slice(0, 240) },
        },
        { by: long.slice(0, 400) },
      );
    },
  },
  {
    name: "hold-approved",
    path: "hold?id=refund-1042",
    prepare: async (inbox) => {
      await openSamples(inbox);
      const content = { amount: 120, reason: "Half, as agreed" };
      await inbox.holds.answer(
        "refund-1042",
        { decision: "edit", content, comment: "Agreed on the phone." },
        { by: "ada@laptop" },
      );
    },
  },
  {
    name: "hold-done",
    path: "hold?id=deploy-7f3a",
    prepare: async (inbox) => {
      await openSamples(inbox);
      await inbox.holds.answer("deploy-7f3a", { decision: "approve" }, { by: "grace" });
      await inbox.holds.act("deploy-7f3a", () => ({ deployment: "d-20931", seconds: 141 }));
    },
  },
  {
    name: "hold-in-doubt",
    path: "hold?id=refund-1042",
    prepare: async (inbox) => {
      await openSamples(inbox);
      await inbox.holds.answer("refund-1042", { decision: "approve" }, { by: "grace" });
      await inbox.holds
        .act("refund-1042", () => {
          throw new Error("The payment service closed the connection.");
        })
        .catch(() => undefined);
    },
  },
  {
    name: "answered",
    path: "answered",
    prepare: async (inbox) => {
      await openSamples(inbox);
      await inbox.holds.answer("deploy-7f3a", { decision: "approve" }, { by: "ada@laptop" });
      await inbox.holds.answer("refund-1042", { decision: "reject" }, { by: "ada@laptop" });
      await inbox.holds
        .act("deploy-7f3a", () => {
          throw new NotApplied("busy");
        })
        .catch(() => undefined);
    },
  },
  {
    name: "task",
    path: "task?id=campaign-7",
    prepare: async ({ store }) => {
      const route = { prev: ["writer"], curr: "x-pause", next: ["publisher", "reporter"] };
      const payload = { title: "Spring, in four letters", channels: ["E-mail", "Search"], budget: 1_200 };
      const fields = [{ name: "approved", type: "boolean", prompt: "Publish it?" }] as const;
      await createPauseLedger(store).pause(
        { id: "campaign-7", route, payload },
        { metadata: { prompt: "Is the campaign ready?", fields } },
      );
    },
  },
  {
    name: "waiting-tasks",
    path: "",
    prepare: async ({ store }) => {
      const ledger = createPauseLedger(store);
      for (const [id, prompt, next] of [
        ["campaign-7", "Is the campaign ready?", ["publisher", "reporter"]],
        [`invoice-${long}`, "Send this invoice?", [long, "archive"]],
      ] as const) {
        const route = { prev: [], curr: "x-pause", next: [...next] };
        await ledger.pause({ id, route, payload: {} }, { metadata: { prompt, fields: [] } });
      }
    },
  },
  {
    name: "hold-votes",
    path: "hold?id=transfer",
    prepare: async ({ holds }) => {
      const issuer = "https://login.example.com";
      const ask = { message: "Transfer 40 000 € to the new supplier?" };
      const by = { issuer: "https://programs.example.com", subject: "treasury-agent" };
      await holds.open("transfer", { ask, content: { iban: "DE02 1203 0000 0000 2020 51" }, approvals: 2 }, { by });
      const via = { issuer: "https://programs.example.com", subject: "portal" };
      const comment = "The IBAN is on their letterhead.";
      await holds.answer("transfer", { decision: "approve", comment }, { by: { issuer, subject: "grace" }, via });
    },
  },
  { name: "hold-wrong-form", path: "hold?id=campaign-brief", prepare: openSamples, press: "Send the answer" },
  { name: "not-found", path: "hold?id=nothing" },
];

const found = await findProgram("chromium");
if (found.kind === "missing") throw new Error(found.remedy);
await mkdir(directory, { recursive: true });
const browser = await launchChromium(found.path);
const wanted = process.argv.slice(3);
try {
  for (const scene of scenes) {
    if (wanted.length > 0 && !wanted.includes(scene.name)) continue;
    await using inbox = await openInbox();
    await scene.prepare?.(inbox);
    for (const [view, viewport] of Object.entries(views)) {
      for (const colorScheme of ["light", "dark"] as const) {
        const path = join(directory, `${scene.name}-${view}-${colorScheme}.png`);
        await shoot(browser, inbox, scene, { path, viewport, colorScheme });
        console.log(path);
      }
    }
  }
} finally {
  await browser.close();
}

async function shoot(
  from: Browser,
  inbox: OpenInbox,
  scene: Scene,
  { path, ...look }: { path: string; viewport: { width: number; height: number }; colorScheme: "light" | "dark" },
): Promise<void> {
  await using context = await from.newContext(look);
  const page = await context.newPage();
  if (scene.name !== "login") {
    await page.goto(inbox.loginUrl());
    await page.getByRole("button", { name: "Log in" }).click();
  }
  await page.goto(inbox.at(scene.path));
  if (scene.press !== undefined) {
    await page.evaluate("for (const form of document.forms) form.noValidate = true");
    await page.getByRole("button", { name: scene.press }).click();
  }
  await page.screenshot({ path, fullPage: scene.name !== "waiting-thousand" });
}
