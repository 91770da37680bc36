/** The command's options, by how the errors of holds name what they say. */
const optionsByName = new Map([
  ["ask.message", "--message"],
  ["ask.details", "--details"],
  ["ask.decisions", "--decision"],
  ["ask.schema", "--schema"],
  ["ask.fields", "--fields"],
  ["content", "--content"],
  ["savedState", "--saved-state"],
  ["fingerprint", "--fingerprint"],
  ["approvals", "--approvals"],
  ["notBy", "--not-by"],
  ["labels", "--label"],
  ["expiresInMs", "--expires-in"],
  ["onExpiry", "--on-expiry"],
  ["by", "--by"],
  ["leaseMs", "--lease"],
]);

const advice = [
  ["it needs expiresAt or expiresInMs", "it needs --expires-in"],
  [/allowOnExpiry: "(?:[^"\\]|\\.)*" if/u, "--allow-on-expiry if"],
  [/\{ name, approving: true \} or false/u, "write <name>=approving or <name>=rejecting"],
  [", or { issuer, subject }, each of", ", with --issuer if somebody vouches for it, each of"],
  ["by must be { issuer, subject }, as whoever vouches for them says", "--issuer must say who vouches for --by"],
  [/give a fingerprint, or ifDifferent: "keep"/u, "give a --fingerprint, or --if-different keep"],
] as const;

/** An error of holds, which speaks to programs, for whoever types a command. */
export function asOptions(message: string): string {
  const named = message.replace(/^([\w.]+)((?:\[\d+\])?(?:\.\w+)*)(?=: )/u, (place, name: string, part: string) =>
    optionsByName.has(name) ? `${optionsByName.get(name) ?? ""}${part}` : place,
  );
  return advice.reduce((text, [from, to]) => text.replace(from, to), named);
}
