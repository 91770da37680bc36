import { environments } from "./environments.ts";

/** The rows of the support table in docs/environments.md, as the environments say of themselves. */
export function supportTable(): string {
  return environments
    .map(({ name, examples, files, isQuick }) => {
      const tried = isQuick ? "before every change lands" : "by the command";
      return `| ${name} | ${examples} | ${files} | ${tried} |`;
    })
    .join("\n");
}
