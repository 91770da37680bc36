import { join } from "node:path";

import { at } from "../server-definition.ts";
import type { ServerDefinition } from "../server-definition.ts";
import {
  asOrdinaryUser,
  postgresDirectories,
  postgresReadyLine,
  postgresUrl,
  postgresUser,
  runPostgres,
} from "./postgres-server.ts";

/** So few that clients have to share them. */
const serverConnections = 4;

/** PgBouncer in transaction mode, with a PostgreSQL of its own behind it. */
export const pgbouncerServer: ServerDefinition = {
  name: "pgbouncer",
  environmentVariable: "HOLDPOINT_TEST_PGBOUNCER_URL",
  binary: {
    command: "pgbouncer",
    oldest: { version: "1.12", versionArguments: ["--version"] },
    directories: () => ["/usr/sbin"],
    debianPackage: "pgbouncer postgresql",
  },
  compose: { service: "pgbouncer", portVariables: ["HOLDPOINT_PGBOUNCER_PORT"] },
  portCount: 2,
  readyLine: new RegExp(`${postgresReadyLine.source}|process up: PgBouncer`),
  processes: (ports, directory) => [
    {
      script: `directory=$1 port=$2
postgres_bin=$(dirname "$(PATH="$PATH:$3" command -v postgres)")${asOrdinaryUser}${runPostgres}`,
      arguments: [join(directory, "postgres"), String(at(ports, 1)), postgresDirectories().join(":")],
      directory: join(directory, "postgres"),
    },
    {
      script: `directory=$1 port=$2 postgres_port=$3${asOrdinaryUser}
cat > pgbouncer.ini <<END
[databases]
* = host=127.0.0.1 port=$postgres_port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $directory/users.txt
pool_mode = transaction
default_pool_size = ${serverConnections}
max_client_conn = 1000
server_login_retry = 0
END
printf '"%s" "%s"\\n' '${postgresUser.name}' '${postgresUser.password}' > users.txt
[ -z "$as" ] || chown "$user" pgbouncer.ini users.txt
exec $as "$0" pgbouncer.ini`,
      arguments: [join(directory, "pgbouncer"), String(at(ports, 0)), String(at(ports, 1))],
      directory: join(directory, "pgbouncer"),
    },
  ],
  url: (ports) => postgresUrl(at(ports, 0)),
};
