/**
 * How deep a message may be nested. What reads it and writes it again recurses: V8 gives up at some thousands of levels,
 * depending on what else is on the stack, and CPython's `json` at about a thousand.
 * https://docs.python.org/3/library/json.html#implementation-limitations
 */
export const maxMessageLevels = 900;

/** The same after a person's input was merged into it: what could be paused and answered can be resumed. */
export const maxMergedLevels = 1_000;

/** The same for a document, in which a message is some levels down. */
export const maxDocumentLevels = 1_100;
