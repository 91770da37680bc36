import { join } from "node:path";

import { Application, Converter, Logger, LogLevel, TSConfigReader } from "typedoc";
import type { Comment, ProjectReflection, TypeDocOptions } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";

import { publishedEntryPoints } from "./entry-points.ts";

/** What the packages export, as TypeDoc understands it. */
export interface Api {
  readonly project: ProjectReflection;
  /** The ids of the signatures whose function has a `throw` in it. */
  readonly throwing: ReadonlySet<number>;
  /** What TypeDoc warns of, such as a link that leads nowhere. */
  readonly warnings: readonly string[];
  /** Writes the pages into a directory, which is not emptied before. */
  write(directory: string): Promise<void>;
}

/** Reads the sources and docstrings of every published entry point below `root`. */
export async function readApi(root: string): Promise<Api> {
  const entryPoints = await publishedEntryPoints(root);
  const options: TypeDocOptions & PluginOptions = {
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: entryPoints.map(({ file }) => file),
    tsconfig: join(root, "tooling/api-docs/tsconfig.json"),
    basePath: root,
    name: "API reference",
    readme: "none",
    logLevel: LogLevel.Error,
    // Types are checked elsewhere, by the compiler that the packages are built with.
    skipErrorChecking: true,
    // Lines and revisions would change with every commit.
    disableSources: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    preservedTypeAnnotationTags: ["@throws"],
    sort: ["alphabetical"],
    // A page for each entry point.
    router: "module",
    // What is generated goes where `write` says, and what else is there stays.
    outputs: [],
    cleanOutputDir: false,
    validation: { notExported: true, invalidLink: true, notDocumented: false },
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    classPropertiesFormat: "table",
    typeDeclarationFormat: "table",
  };
  // Without it other packages would be read as they were last built, or not at all.
  const app = await Application.bootstrapWithPlugins(options, [new TSConfigReader()]);
  const logger = new WarningsLogger();
  app.logger = logger;
  const throwing = new Set<number>();
  app.converter.on(Converter.EVENT_CREATE_SIGNATURE, (_context, signature, declaration) => {
    const body = declaration !== undefined && "body" in declaration ? declaration.body : undefined;
    if (body !== undefined && /\bthrow\b/u.test(body.getText())) throwing.add(signature.id);
  });
  const found = app.getEntryPoints() ?? [];
  for (const entryPoint of found) {
    const { fileName } = entryPoint.sourceFile;
    entryPoint.displayName = entryPoints.find(({ file }) => file === fileName)?.name ?? entryPoint.displayName;
  }
  const project = app.converter.convert(found);
  app.validate(project);
  for (const { comment } of Object.values(project.reflections)) showErrorTypes(comment);
  return {
    project,
    throwing,
    warnings: logger.warnings,
    write: async (directory) => {
      app.options.setValue("outputs", [{ name: "markdown", path: directory }]);
      await app.generateOutputs(project);
    },
  };
}

/** The pages would leave out what stands in braces behind `@throws`. */
function showErrorTypes(comment: Comment | undefined): void {
  for (const tag of comment?.getTags("@throws") ?? []) {
    const type = tag.typeAnnotation?.replaceAll(/[{}]/gu, "");
    if (type !== undefined) tag.content.unshift({ kind: "code", text: `\`${type}\`` }, { kind: "text", text: ": " });
  }
}

class WarningsLogger extends Logger {
  readonly warnings: string[] = [];

  override log(message: string, level: LogLevel): void {
    if (level === LogLevel.Warn || level === LogLevel.Error) this.warnings.push(message);
  }
}
