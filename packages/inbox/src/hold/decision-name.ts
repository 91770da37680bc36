const names: Readonly<Record<string, string>> = {
  approve: "Approve",
  edit: "Approve with changes",
  reject: "Reject",
  respond: "Reject with a comment",
};

const pastNames: typeof names = {
  approve: "Approved",
  edit: "Approved with changes",
  reject: "Rejected",
  respond: "Rejected with a comment",
};

interface Named {
  readonly name: string;
  readonly label?: string | undefined;
}

/** What a decision is called where it can be taken. */
export function decisionName({ name, label }: Named): string {
  return label ?? (Object.hasOwn(names, name) ? (names[name] ?? name) : name);
}

/** What a decision is called once it was taken. */
export function pastDecisionName({ name, label }: Named): string {
  return label ?? (Object.hasOwn(pastNames, name) ? (pastNames[name] ?? name) : name);
}
