import type { StoreFinding } from "@holdpoint/core";

import type { PostgresConnection } from "./postgres-connection.ts";
import { isServerError } from "./postgres-error.ts";
import type { PostgresTable } from "./postgres-table.ts";

type Row = Readonly<Record<string, string | null>>;

/** What the settings of a server and the state of a table mean for what is kept there. */
export async function inspectPostgres(
  connection: PostgresConnection,
  table: PostgresTable,
  signal: AbortSignal,
): Promise<readonly StoreFinding[]> {
  const ask = async (text: string, values: readonly string[]): Promise<Row> => {
    try {
      return (await connection.run(text, values, signal)).rows[0] ?? {};
    } catch (error) {
      // What this role may not see, or this release has not, is then unknown.
      if (isServerError(error) && error.severity === "ERROR") return {};
      throw error;
    }
  };
  const names = [table.schema, table.name];
  const settings = await ask(settingsText, []);
  const state = await ask(stateText, names);
  return [
    ...durabilityOf(settings),
    replicationOf(settings, await ask(standbysText, [])),
    permissionsOf(table, state),
    ...bloatOf(table, state),
    ...triggersOf(table, state),
    ...timeoutsOf(settings),
  ];
}

// Those that do not exist in a release are null.
const settingsText = `SELECT ${[
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "synchronous_standby_names",
  "autovacuum",
  "default_transaction_read_only",
  "statement_timeout",
  "lock_timeout",
]
  .map((name) => `current_setting('${name}', true) AS ${name}`)
  .join(", ")}`;

const standbysText = `SELECT count(*)::text AS standbys,
  count(*) FILTER (WHERE sync_state IN ('sync', 'quorum'))::text AS synchronous,
  pg_has_role('pg_monitor', 'USAGE')::text AS is_told
FROM pg_stat_replication`;

/** Schema, table. */
const stateText = `SELECT
  ${["SELECT", "INSERT", "UPDATE", "DELETE"]
    .map((permission) => `has_table_privilege(c.oid, '${permission}')::text AS may_${permission.toLowerCase()}`)
    .join(", ")},
  s.n_live_tup::text AS live, s.n_dead_tup::text AS dead,
  ('autovacuum_enabled=false' = ANY (coalesce(c.reloptions, '{}')) OR 'autovacuum_enabled=off' = ANY (coalesce(c.reloptions, '{}')))::text AS no_vacuum,
  (SELECT string_agg(quote_ident(t.tgname), ', ') FROM pg_trigger AS t
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D') AS triggers
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
WHERE n.nspname = $1 AND c.relname = $2`;

function durabilityOf(settings: Row): readonly StoreFinding[] {
  const subject = "durability";
  const { fsync, synchronous_commit: synchronousCommit, full_page_writes: fullPageWrites } = settings;
  if (fsync === undefined) return [{ subject, level: "unknown", found: "the server does not tell its settings" }];
  const findings: StoreFinding[] = [];
  if (fsync === "off") {
    findings.push({
      subject,
      level: "problem",
      found: "fsync is off",
      reason: "A power failure destroys the whole database, paused tasks with it.",
      remedy: "Set fsync = on.",
    });
  }
  if (synchronousCommit === "off") {
    findings.push({
      subject,
      level: "problem",
      found: "synchronous_commit is off",
      reason: "A server that crashes forgets what it has acknowledged a moment before, so a resume may go on twice.",
      remedy: "Set synchronous_commit = on for the server, the database or the role that the store uses.",
    });
  }
  if (fullPageWrites === "off" && fsync !== "off") {
    findings.push({
      subject,
      level: "warning",
      found: "full_page_writes is off",
      reason: "A power failure may leave pages half written, unless the file system cannot do that.",
      remedy: "Set full_page_writes = on.",
    });
  }
  if (findings.length > 0) return findings;
  return [{ subject, level: "ok", found: `fsync is on, synchronous_commit is ${String(synchronousCommit)}` }];
}

function replicationOf(settings: Row, { standbys, synchronous, is_told: isTold }: Row): StoreFinding {
  const subject = "replication";
  const names = settings["synchronous_standby_names"] ?? "";
  if (settings["synchronous_commit"] === "local" && names !== "") {
    return {
      subject,
      level: "warning",
      found: "synchronous_commit is local, although there are synchronous standbys",
      reason: "A standby that takes over may not have what was acknowledged.",
      remedy: "Set synchronous_commit = on.",
    };
  }
  if (isTold !== "true") {
    return {
      subject,
      level: "unknown",
      found: "this role is not told of standbys",
      remedy: "Grant it pg_monitor, or look at pg_stat_replication.",
    };
  }
  if (standbys === "0") {
    return {
      subject,
      level: names === "" ? "ok" : "problem",
      found: names === "" ? "there is no standby" : "synchronous_standby_names is set, and no standby follows",
      reason:
        names === ""
          ? "Paused tasks live as long as this machine and its backups."
          : "Every write waits for a standby for ever.",
      remedy: names === "" ? undefined : "Start the standby, or empty synchronous_standby_names.",
    };
  }
  if (synchronous === "0") {
    return {
      subject,
      level: "warning",
      found: `${String(standbys)} standby follows, and none is synchronous`,
      reason: "A standby that takes over may not have what was acknowledged, so a resume may go on twice.",
      remedy: "Name it in synchronous_standby_names, if it is to take over by itself.",
    };
  }
  return { subject, level: "ok", found: `${String(synchronous)} of ${String(standbys)} standbys are synchronous` };
}

function permissionsOf(table: PostgresTable, state: Row): StoreFinding {
  const subject = "role";
  const missing = ["SELECT", "INSERT", "UPDATE", "DELETE"].filter(
    (permission) => state[`may_${permission.toLowerCase()}`] === "false",
  );
  if (state["may_select"] === undefined) {
    return { subject, level: "unknown", found: "the server does not tell what this role may" };
  }
  if (missing.length === 0) return { subject, level: "ok", found: "it may read, write and remove" };
  return {
    subject,
    level: "problem",
    found: `it may not ${missing.join(", ")} on ${table.quoted}`,
    reason: "Tasks can then not be paused, resumed or removed.",
    remedy: `Run: GRANT ${missing.join(", ")} ON ${table.quoted} TO the role.`,
  };
}

const worthVacuum = 10_000;

function bloatOf(table: PostgresTable, state: Row): readonly StoreFinding[] {
  const subject = "bloat";
  const [live, dead] = [Number(state["live"] ?? Number.NaN), Number(state["dead"] ?? Number.NaN)];
  if (Number.isNaN(live) || Number.isNaN(dead)) {
    return [{ subject, level: "unknown", found: "the server keeps no statistics of the table" }];
  }
  const counts = `${live} rows and ${dead} dead ones`;
  if (state["no_vacuum"] === "true") {
    return [
      {
        subject,
        level: "warning",
        found: `autovacuum is off for the table; it has ${counts}`,
        reason: "Every update leaves a dead row, and listings become slow.",
        remedy: `Run: ALTER TABLE ${table.quoted} RESET (autovacuum_enabled)`,
      },
    ];
  }
  if (dead > worthVacuum && dead > live) {
    return [
      {
        subject,
        level: "warning",
        found: counts,
        reason: "Dead rows that stay make everything slow; a transaction that is open for long keeps them.",
        remedy: `Look for old transactions in pg_stat_activity, and run: VACUUM ${table.quoted}`,
      },
    ];
  }
  return [{ subject, level: "ok", found: counts }];
}

function triggersOf(table: PostgresTable, { triggers }: Row): readonly StoreFinding[] {
  if (triggers === null || triggers === undefined) return [];
  return [
    {
      subject: "triggers",
      level: "warning",
      found: `${table.quoted} has triggers: ${triggers}`,
      reason: "A trigger can change or drop a write, and make it slow or fail.",
      remedy: "Make sure that they do neither.",
    },
  ];
}

function timeoutsOf(settings: Row): readonly StoreFinding[] {
  const findings: StoreFinding[] = [];
  if (settings["default_transaction_read_only"] === "on") {
    findings.push({
      subject: "read only",
      level: "problem",
      found: "default_transaction_read_only is on",
      reason: "Nothing can be paused or resumed.",
      remedy: "Set it off for the role that the store uses.",
    });
  }
  if (settings["autovacuum"] === "off") {
    findings.push({
      subject: "autovacuum",
      level: "warning",
      found: "autovacuum is off",
      reason: "Dead rows stay, and in the end the server takes no more writes.",
      remedy: "Set autovacuum = on.",
    });
  }
  return findings;
}
