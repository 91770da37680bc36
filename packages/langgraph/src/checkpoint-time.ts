const uuid6 = /^([\da-f]{8})-([\da-f]{4})-6([\da-f]{3})-[\da-f]{4}-[\da-f]{12}$/iu;

// From the first day of the Gregorian calendar, in steps of 100 ns: https://www.rfc-editor.org/rfc/rfc9562#section-5.6
const stepsBefore1970 = 0x01b2_1dd2_1381_4000n;
const stepsPerMs = 10_000n;

/** When a checkpoint was made, in milliseconds since 1970, as its id tells; `undefined` if that is no UUID of version 6. */
export function checkpointTime(id: string): number | undefined {
  const [, high = "", middle = "", low = ""] = uuid6.exec(id) ?? [];
  if (high === "") return undefined;
  return Number((BigInt(`0x${high}${middle}${low}`) - stepsBefore1970) / stepsPerMs);
}
