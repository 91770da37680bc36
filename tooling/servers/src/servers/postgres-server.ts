import { readdirSync } from "node:fs";
import { join } from "node:path";

import { at } from "../server-definition.ts";
import type { ServerDefinition } from "../server-definition.ts";

/** Where Debian and others keep PostgreSQL's programs, which are not on PATH there; the newest release first. */
export function postgresDirectories(): readonly string[] {
  const roots = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"];
  return roots.flatMap((root) => {
    try {
      const releases = readdirSync(root).toSorted((left, right) => Number(right) - Number(left));
      return releases.map((release) => join(root, release, "bin"));
    } catch {
      return [];
    }
  });
}

/** The user that the tests log in as, a superuser. */
export const postgresUser = { name: "holdpoint", password: "test-password" };

/** A line that PostgreSQL prints when it listens. */
export const postgresReadyLine = /database system is ready to accept connections/;

/**
 * Runs what follows as an ordinary user: PostgreSQL and PgBouncer refuse to run as root. That user must be able to reach
 * the directory, whose parents belong to us.
 */
export const asOrdinaryUser = `
set -eu
umask 077
as=""
if [ "$(id -u)" = 0 ]; then
  user=postgres
  id -u "$user" >/dev/null 2>&1 || user=nobody
  chmod 711 "$directory/.." "$directory/../.."
  chown "$user" "$directory"
  as="setpriv --reuid $user --regid $(id -g "$user") --clear-groups"
fi
cd "$directory"
`;

/**
 * Runs a server for the databases in `$directory`, which are made the first time; they outlive a process that is killed,
 * and are not worth a sync. The processes of a server that was killed take a moment to notice.
 */
export const runPostgres = `
if [ ! -f data/PG_VERSION ]; then
  printf '%s' '${postgresUser.password}' > password
  [ -z "$as" ] || chown "$user" password
  $as "$postgres_bin/initdb" --pgdata "$directory/data" --username ${postgresUser.name} --pwfile password \\
    --auth scram-sha-256 --encoding UTF8 --locale C --no-sync --no-instructions
  echo 'fsync = off' >> data/postgresql.conf
fi
while ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -q "$directory/data$"; do sleep 0.1; done
exec $as "$postgres_bin/postgres" -D "$directory/data" -p "$port" -c listen_addresses=127.0.0.1 \\
  -c unix_socket_directories="$directory/data" -c max_connections=300
`;

/** One PostgreSQL. */
export const postgresServer: ServerDefinition = {
  name: "postgres",
  environmentVariable: "HOLDPOINT_TEST_POSTGRES_URL",
  binary: {
    command: "postgres",
    oldest: { version: "12", versionArguments: ["--version"] },
    directories: postgresDirectories,
    debianPackage: "postgresql",
  },
  compose: {
    service: "postgres",
    portVariables: ["HOLDPOINT_POSTGRES_PORT"],
    // The server that makes the first database listens on no port, and prints the other line too.
    readyLine: /listening on IPv4 address/,
  },
  portCount: 1,
  readyLine: postgresReadyLine,
  processes: (ports, directory) => [
    {
      script: `directory=$1 port=$2 postgres_bin=$(dirname "$0")${asOrdinaryUser}${runPostgres}`,
      arguments: [join(directory, "postgres"), String(at(ports, 0))],
      directory: join(directory, "postgres"),
    },
  ],
  url: (ports) => postgresUrl(at(ports, 0)),
};

/** The address of a server on loopback. */
export function postgresUrl(port: number): string {
  return `postgres://${postgresUser.name}:${postgresUser.password}@127.0.0.1:${port}/postgres`;
}
