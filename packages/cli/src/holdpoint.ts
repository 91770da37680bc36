#!/usr/bin/env node
import { programHelp } from "./command-entries.ts";

const given = process.argv.slice(2);
const [first, ...rest] = given;
const parameters = first === "help" && rest.length > 0 ? [...rest, "--help"] : given;
// Help is asked for most and needs least: the parser alone takes longer to load than all of this.
if (parameters.length === 1 && /^(?:--help|-h|help)$/u.test(parameters[0] ?? "")) process.stdout.write(programHelp());
else {
  const { runHoldpoint } = await import("./run-holdpoint.ts");
  await runHoldpoint(parameters);
}
