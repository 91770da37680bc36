import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

import { parseAllDocuments } from "yaml";

import { repository } from "./image-tree.ts";

/** An object of a cluster, as a manifest states it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** A manifest and the file that holds it. */
export interface ManifestInFile {
  readonly file: string;
  readonly manifest: Manifest;
}

/** How every container of ours runs: as the user of the image, and with no right that it does not need. */
export const leastRights = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

/** All manifests in the YAML files that the pattern names, from the repository's directory. */
export async function readManifests(pattern: string): Promise<readonly ManifestInFile[]> {
  const files = await Array.fromAsync(glob(pattern, { cwd: repository }));
  const read = files.toSorted().map(async (file) => {
    const documents = parseAllDocuments(await readFile(join(repository, file), "utf8"));
    return Array.from(documents, (document) => {
      for (const problem of [...document.errors, ...document.warnings]) throw problem;
      return { file, manifest: document.toJS() as Manifest };
    });
  });
  return (await Promise.all(read)).flat();
}
