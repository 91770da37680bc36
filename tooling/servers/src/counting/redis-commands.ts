import type { ProtocolParser } from "./protocol-reader.ts";

/** Reads what a Redis client sends; reports each command as its name and the key (or first word) that it is about. */
export function* redisCommands(report: (request: string) => void): ProtocolParser {
  for (;;) {
    const line = yield "line";
    if (!line.startsWith("*")) {
      // An inline command: https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands
      if (line !== "") report(describe(line.split(" ")));
      continue;
    }
    const words: string[] = [];
    for (let left = Number(line.slice(1)); left > 0; left -= 1) {
      const header = yield "line";
      if (!/^\$\d+$/.test(header)) throw new Error(`${JSON.stringify(header.slice(0, 80))} is no Redis argument`);
      words.push((yield Number(header.slice(1)) + "\r\n".length).replace(/\r\n$/, ""));
    }
    if (words.length > 0) report(describe(words));
  }
}

function describe([name = "", ...words]: readonly string[]): string {
  const command = name.toUpperCase();
  // Its first word may be a password.
  if (command === "AUTH") return command;
  const isScript = /^(?:EVAL|EVALSHA|FCALL)(?:_RO)?$/.test(command);
  // A script is about its first key, if it has one.
  const [scriptOrWord, keyCount, key] = words;
  const object = isScript && Number(keyCount) > 0 ? key : scriptOrWord;
  return object === undefined ? command : `${command} ${object}`;
}
