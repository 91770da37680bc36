/**
 * The command that was typed after `--`; empty if there is none, and `undefined` if something was typed that is neither
 * an id nor stands after `--`. Where the id begins with `-` it stands after dashes too, and the command has its own.
 *
 * @param operands what was typed behind the id
 * @param typed everything that was typed
 */
export function commandAfterDashes(
  operands: readonly string[],
  typed: readonly string[],
): readonly string[] | undefined {
  const dashes = typed.indexOf("--");
  const after = dashes === -1 ? 0 : typed.length - dashes - 1;
  if (after === operands.length || operands.length === 0) return operands;
  return operands[0] === "--" ? operands.slice(1) : undefined;
}
