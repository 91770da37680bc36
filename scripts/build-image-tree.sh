#!/bin/sh
# Builds the files that the container image holds, as the Dockerfile and the tests do:
#   sh scripts/build-image-tree.sh /opt/holdpoint
# Versions are those of pnpm-lock.yaml. The destination must not exist yet.
set -eu
destination=$1
cd "$(dirname "$0")/.."

pnpm() { npx -y pnpm@12.21.0 "$@"; }

pnpm install --frozen-lockfile --prefer-offline
pnpm exec tsc -b packages/cli/tsconfig.build.json packages/state-proxy/tsconfig.build.json packages/backend-*/tsconfig.build.json
# Copies instead of links: nothing of the tree belongs to pnpm's store or to the sources. A flat node_modules lets the
# store find its backends from wherever an actor is started.
pnpm --config.inject-workspace-packages=true --config.package-import-method=copy \
  --filter @holdpoint/image deploy --prod --prefer-offline --node-linker hoisted "$destination"

cd "$destination"
# Written by and for pnpm; with the paths of the machine that built the tree.
rm -rf node_modules/.bin node_modules/.pnpm node_modules/.modules.yaml node_modules/.pnpm-workspace-state-v1.json \
  package.json pnpm-lock.yaml pnpm-workspace.yaml
# Optional peers, for those who write TypeScript.
rm -rf node_modules/@types node_modules/undici-types
for name in actors/dist/x-pause actors/dist/x-resume cli/dist/holdpoint state-proxy/dist/state-proxy; do
  ln -s "node_modules/@holdpoint/$name.js" "$(basename "$name")"
  chmod 755 "$(basename "$name")"
done
