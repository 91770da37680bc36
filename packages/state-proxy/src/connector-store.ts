import { ActorSetupError } from "@holdpoint/actors";
import type { Environment } from "@holdpoint/actors";
import type { ConfiguredStore } from "@holdpoint/actors/serving";
import { variableOf } from "@holdpoint/actors/serving";
import { redactStoreUrl } from "@holdpoint/core";

/**
 * The variables of Asya's connectors under the names that the stores read, for those that go by two.
 *
 * @example
 * ```ts
 * connectorVariables({ STATE_NATS_URL: "nats://nats:4222" })["NATS_URL"]; // "nats://nats:4222"
 * ```
 */
export function connectorVariables(environment: Environment): Environment {
  return {
    ...environment,
    NATS_URL: variableOf(environment, "NATS_URL") ?? variableOf(environment, "STATE_NATS_URL"),
    NATS_KV_BUCKET: variableOf(environment, "NATS_KV_BUCKET") ?? variableOf(environment, "STATE_KV_BUCKET"),
  };
}

/**
 * The store that the variables of one of Asya's connectors name, with the keys where that connector keeps them;
 * `undefined` if none is set.
 *
 * @throws {ActorSetupError} if they name several
 */
export function connectorStore(environment: Environment): ConfiguredStore | undefined {
  const variables = connectorVariables(environment);
  const named = ["STATE_BUCKET", "REDIS_URL", "NATS_URL"].filter((name) => variableOf(variables, name) !== undefined);
  const [variable] = named;
  if (variable === undefined) return undefined;
  const shown = redactStoreUrl(variableOf(variables, variable) ?? "");
  if (named.length > 1) {
    throw new ActorSetupError([
      { variable: named.join(" and "), found: "several stores", expected: "one of them, or ASYA_CHECKPOINT_STORE" },
    ]);
  }
  if (variable === "REDIS_URL") return { variable, shown, from: "redis:?prefixRules=state-proxy" };
  // NATS has no connector whose rules could be followed.
  if (variable === "NATS_URL") return { variable: "NATS_URL and NATS_KV_BUCKET", shown, from: "nats:" };
  return { variable, shown, from: bucketStore(variables, shown) };
}

// What a connector is given, or the platform gives to whoever has a role.
const amazonVariables = [
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_S3",
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_ROLE_ARN",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];
const googleVariables = ["GCS_PROJECT", "STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"];

function bucketStore(variables: Environment, shown: string): string {
  const isSet = (name: string): boolean => variableOf(variables, name) !== undefined;
  const isAmazon = amazonVariables.some(isSet);
  const isGoogle = googleVariables.some(isSet);
  if (isAmazon === isGoogle) {
    throw new ActorSetupError([
      {
        variable: "STATE_BUCKET",
        found: `${JSON.stringify(shown)}, and ${isAmazon ? "variables of AWS and of Google" : "no variable of AWS or Google"}`,
        expected:
          "AWS_REGION or AWS_ENDPOINT_URL beside it for S3, GCS_PROJECT or STORAGE_EMULATOR_HOST for Google Cloud Storage, or a URL in ASYA_CHECKPOINT_STORE",
      },
    ]);
  }
  if (isGoogle) return "gs:?prefixRules=state-proxy";
  // As the connectors take it where nothing says another.
  const region = isSet("AWS_REGION") || isSet("AWS_DEFAULT_REGION") ? "" : "&region=us-east-1";
  return `s3:?prefixRules=state-proxy${region}`;
}
