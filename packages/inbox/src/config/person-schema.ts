import * as v from "valibot";

/** What is wrong with what is no person. */
export const personProblem = "expected a name, or issuer and subject";

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(512));

/** A person as JSON names them. */
export const personSchema = v.union([name, v.strictObject({ issuer: name, subject: name })], personProblem);
