/** One input of a form, for one value of an answer. */
export interface FormControl {
  /** The value's name in the answer; `undefined` where the answer is this one value. */
  readonly name: string | undefined;
  readonly label: string;
  readonly hint: string | undefined;
  readonly required: boolean;
  /** What it is where its input is left empty; `undefined` where it is left out then. */
  readonly whenEmpty?: "" | null | undefined;
  readonly shape: ControlShape;
  /** What the form begins with. */
  readonly initial: unknown;
}

/** How a value is put in. */
export type ControlShape =
  | { readonly kind: "text"; readonly type: "text" | "email" | "url" | "date" | "datetime"; readonly isLong: boolean }
  | { readonly kind: "number"; readonly isWhole: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly choices: readonly Choice[] }
  | { readonly kind: "choices"; readonly choices: readonly Choice[] }
  /** Whatever has no input of its own. */
  | { readonly kind: "json" };

/** One of several values. */
export interface Choice {
  readonly value: unknown;
  readonly label: string;
}
