import type { Environment } from "./environment.ts";
import { bunEnvironment } from "./environments/bun.ts";
import { commonjsEnvironment } from "./environments/commonjs.ts";
import { denoEnvironment } from "./environments/deno.ts";
import { esbuildEnvironment } from "./environments/esbuild.ts";
import { jestEnvironment } from "./environments/jest.ts";
import { nodeEnvironment } from "./environments/node.ts";
import { rollupEnvironment } from "./environments/rollup.ts";
import { webpackEnvironment } from "./environments/webpack.ts";
import { yarnPnpEnvironment } from "./environments/yarn-pnp.ts";

/** Everything that the support table has a row for, in its order. */
export const environments: readonly Environment[] = [
  nodeEnvironment("22.13.0", { isQuick: true }),
  nodeEnvironment("22", { isQuick: false }),
  nodeEnvironment("24", { isQuick: false }),
  nodeEnvironment("26", { isQuick: false }),
  commonjsEnvironment,
  bunEnvironment,
  denoEnvironment,
  yarnPnpEnvironment,
  jestEnvironment,
  esbuildEnvironment,
  rollupEnvironment,
  webpackEnvironment,
];
