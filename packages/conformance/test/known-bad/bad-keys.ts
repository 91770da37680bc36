import { posix } from "node:path";

import type { MemoryShelf } from "../memory-shelf.ts";
import { sharedState, withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";
import { TranslatedKeysDriver } from "./translated-keys-driver.ts";

const firstSpellings = sharedState(() => new Map<string, string>());

/** A file system that ignores the case of letters but remembers how a name was first written. */
class FoldsCase extends TranslatedKeysDriver {
  readonly #spellings: Map<string, string>;

  constructor(shelf: MemoryShelf) {
    super(shelf);
    this.#spellings = firstSpellings(shelf);
  }

  protected override nameOf(key: string): string {
    const name = key.toLowerCase();
    if (!this.#spellings.has(name)) this.#spellings.set(name, key);
    return name;
  }

  protected override keyOf(name: string): string {
    return this.#spellings.get(name) ?? name;
  }
}

/** A file system that composes what is written with combining marks. */
class NormalisesUnicode extends TranslatedKeysDriver {
  protected override nameOf(key: string): string {
    return key.normalize("NFC");
  }

  protected override keyOf(name: string): string {
    return name;
  }
}

/** `path.join` where a string was to be put together. */
class NormalisesPaths extends TranslatedKeysDriver {
  protected override nameOf(key: string): string {
    return posix.join("/", key).slice(1) || "/";
  }

  protected override keyOf(name: string): string {
    return name;
  }
}

/** Escapes the slash but not the character that it escapes with. */
class EscapesAmbiguously extends TranslatedKeysDriver {
  protected override nameOf(key: string): string {
    return key.replaceAll("/", "%2f");
  }

  protected override keyOf(name: string): string {
    return name.replaceAll("%2f", "/");
  }
}

/** A file name of at most 255 characters, cut. */
class CutsLongKeys extends TranslatedKeysDriver {
  protected override nameOf(key: string): string {
    return key.slice(0, 255);
  }

  protected override keyOf(name: string): string {
    return name;
  }
}

/** Trims what a person might have typed. */
class TrimsKeys extends TranslatedKeysDriver {
  protected override nameOf(key: string): string {
    return key.trim();
  }

  protected override keyOf(name: string): string {
    return name;
  }
}

export const badKeys: readonly KnownBadStore[] = [
  {
    name: "folds the case of keys",
    foundBy: "keys/letter-case",
    alsoFails: ["keys/unicode-normalisation", "keys/escapes", "keys/listed-by-any-prefix"],
    open: withDriver(FoldsCase),
  },
  {
    name: "normalises Unicode in keys",
    foundBy: "keys/unicode-normalisation",
    alsoFails: ["keys/listed-by-any-prefix"],
    open: withDriver(NormalisesUnicode),
  },
  {
    name: "normalises paths in keys",
    foundBy: "keys/dots",
    alsoFails: ["keys/slashes", "keys/longest", "keys/listed-by-any-prefix"],
    open: withDriver(NormalisesPaths),
  },
  {
    name: "escapes keys ambiguously",
    foundBy: "keys/escapes",
    alsoFails: ["keys/longest", "keys/listed-by-any-prefix"],
    open: withDriver(EscapesAmbiguously),
  },
  {
    name: "cuts long keys",
    foundBy: "keys/longest",
    alsoFails: ["keys/listed-by-any-prefix"],
    open: withDriver(CutsLongKeys),
  },
  {
    name: "trims keys",
    foundBy: "keys/spaces-and-controls",
    alsoFails: ["keys/longest", "keys/listed-by-any-prefix"],
    open: withDriver(TrimsKeys),
  },
];
