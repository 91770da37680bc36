import type { Access, Labelled } from "../rules/access.ts";

/** Options of whatever something is sent to. */
export interface TargetOptions {
  /** What it is called in the store and in messages: 1 to 40 of a-z, 0-9 and `-`, unique, and not changed later. */
  readonly name: string;
  /**
   * `name=value`, or `name=*` for every value: it gets what has one of these labels. Tasks of the mesh have none.
   * @default everything
   */
  readonly labels?: readonly string[] | undefined;
  /**
   * Whom it stands for, where there are rules: it gets only what these groups may see. Needed there.
   * @default everybody
   */
  readonly groups?: readonly string[] | undefined;
}

/** Whether a target is to get anything of an item at all. */
export function isMeantFor({ labels: wanted, groups = [] }: TargetOptions, item: Labelled, access: Access): boolean {
  const isWanted =
    wanted === undefined ||
    Object.entries(item.labels).some(
      ([name, value]) => wanted.includes(`${name}=${value}`) || wanted.includes(`${name}=*`),
    );
  return isWanted && access.maySee({ groups }, item);
}

/** What is wrong with targets, whose name stands first; `undefined` if nothing. */
export function targetProblem(
  targets: readonly TargetOptions[],
  hasRules: boolean,
): { readonly name: string; readonly problem: string } | undefined {
  const names = new Set<string>();
  for (const { name, labels = [], groups } of targets) {
    const problem = !/^[a-z\d-]{1,40}$/u.test(name)
      ? "expected a name of 1 to 40 of a-z, 0-9 and -"
      : names.has(name)
        ? "there are two of this name"
        : !labels.every((label) => /^[^=]+=./su.test(label))
          ? "expected labels such as team=billing or team=*"
          : hasRules && groups === undefined
            ? "there are rules, so its groups have to be named: it gets what they may see"
            : undefined;
    if (problem !== undefined) return { name, problem };
    names.add(name);
  }
  return undefined;
}
