# One image for x-pause, x-resume and the command `holdpoint`: docker build -t registry.example.com/holdpoint:0.0.0 .
# The same files as a connector of the state proxy, which the mesh starts without a command:
#   docker build --target state-proxy -t registry.example.com/holdpoint-state-proxy:0.0.0 .
FROM node:24.21.0-slim AS build
WORKDIR /source
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.base.json ./
COPY scripts/build-image-tree.sh scripts/
COPY tooling tooling
COPY packages packages
RUN sh scripts/build-image-tree.sh /opt/holdpoint

FROM node:24.21.0-slim AS holdpoint
COPY --from=build /opt/holdpoint /opt/holdpoint
ENV NODE_ENV=production PATH=/opt/holdpoint:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The user `node` of the base image, as a number so that Kubernetes can tell that it is not root.
USER 1000:1000
WORKDIR /opt/holdpoint
# The base image's entrypoint would run what it does not know as a script of Node's.
ENTRYPOINT []

FROM holdpoint AS state-proxy
CMD ["state-proxy"]

FROM holdpoint
CMD ["x-pause"]
