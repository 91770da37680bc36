import { readFile } from "node:fs/promises";

import { afterAll, beforeAll, expect, it } from "vitest";

import { environments } from "./environments.ts";
import { supportTable } from "./support-table.ts";
import { Toolbox } from "./toolbox.ts";

let toolbox: Toolbox;

beforeAll(async () => {
  toolbox = await Toolbox.open();
});

afterAll(() => toolbox[Symbol.asyncDispose]());

it.each(environments.filter(({ isQuick }) => isQuick))(
  "what docs/environments.md says of $name holds",
  async (environment) => {
    await expect(environment.run(toolbox)).resolves.toBeUndefined();
  },
  600_000,
);

it("the table of docs/environments.md is what the environments say of themselves", async () => {
  const page = await readFile(new URL("../../../docs/environments.md", import.meta.url), "utf8");
  expect(page).toContain(`\n${supportTable()}\n\n`);
});
