import type * as sqlite from "node:sqlite";

import { FileStoreError } from "./file-error.ts";

let loaded: typeof sqlite | undefined;

/** Loads `node:sqlite` when it is first needed, without the warning that Node 22 prints about it. */
export function loadSqlite(): typeof sqlite {
  loaded ??= withoutSqliteWarning(() => process.getBuiltinModule("node:sqlite"));
  if (loaded !== undefined) return loaded;
  throw new FileStoreError(
    "unsupported",
    "this Node.js was built without node:sqlite, which the file store locks with",
    {
      remedy: "Use a build of Node.js from nodejs.org, 22.13 or later.",
    },
  );
}

// Only this one warning, and only while the module loads: a lock needs next to nothing of the API that it is about.
function withoutSqliteWarning<Result>(load: () => Result): Result {
  const property = Object.getOwnPropertyDescriptor(process, "emitWarning");
  if (property === undefined) return load();
  const emitWarning = process.emitWarning.bind(process);
  const emitOthers = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).startsWith("SQLite is an experimental feature"))
      Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  Object.defineProperty(process, "emitWarning", { ...property, value: emitOthers });
  try {
    return load();
  } finally {
    Object.defineProperty(process, "emitWarning", property);
  }
}
