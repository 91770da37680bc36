import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IEnvVar, IResourceRequirements, IVolume, IVolumeMount } from "kubernetes-models/v1";
import * as v from "valibot";

const name = v.pipe(v.string(), v.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/u), v.maxLength(63));
const text = v.pipe(v.string(), v.minLength(1));
// Checked as part of the Deployment that the composition makes of them.
const kubernetes = <Type>(): v.GenericSchema<Type> => v.custom<Type>((value) => typeof value === "object");

/**
 * What the meshes' composition takes for an actor. An entry of `env` has a `value`: whatever else it says, the
 * composition leaves out.
 */
export const asyncActorSchema = v.strictObject({
  apiVersion: v.literal("asya.sh/v1alpha1"),
  kind: v.literal("AsyncActor"),
  metadata: v.strictObject({ name }),
  spec: v.strictObject({
    actor: name,
    image: text,
    handler: text,
    pythonExecutable: text,
    env: v.array(v.strictObject({ name: text, value: v.string() })),
    secretRefs: v.optional(
      v.array(
        v.strictObject({
          secretName: text,
          keys: v.pipe(v.array(v.strictObject({ key: text, envVar: text })), v.minLength(1)),
        }),
      ),
    ),
    volumes: v.optional(v.array(kubernetes<IVolume>())),
    volumeMounts: v.optional(v.array(kubernetes<IVolumeMount>())),
    resources: kubernetes<IResourceRequirements>(),
    resiliency: v.strictObject({ nonRetryableErrors: v.array(text) }),
  }),
});

/** An actor of the mesh, as its manifest states it. */
export type AsyncActor = v.InferOutput<typeof asyncActorSchema>;

/** The Deployment that the composition makes of an actor, as far as it concerns the actor's own container. */
export function composeDeployment({ metadata, spec }: AsyncActor): IDeployment {
  const secrets: IEnvVar[] = (spec.secretRefs ?? []).flatMap(({ secretName, keys }) =>
    keys.map(({ key, envVar }) => ({ name: envVar, valueFrom: { secretKeyRef: { name: secretName, key } } })),
  );
  const labels = { "asya.sh/actor": spec.actor };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: metadata.name, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: "asya-runtime",
              image: spec.image,
              command: [spec.pythonExecutable, "/opt/asya/asya_runtime.py"],
              env: [{ name: "ASYA_SOCKET_DIR", value: "/var/run/asya" }, ...spec.env, ...secrets],
              resources: spec.resources,
              volumeMounts: [{ name: "socket-dir", mountPath: "/var/run/asya" }, ...(spec.volumeMounts ?? [])],
            },
          ],
          volumes: [{ name: "socket-dir", emptyDir: {} }, ...(spec.volumes ?? [])],
        },
      },
    },
  };
}
