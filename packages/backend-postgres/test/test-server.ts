/** The address of the tests' PostgreSQL, with a superuser, or nothing if it could not be had. */
export const postgresUrl: string = process.env["HOLDPOINT_TEST_POSTGRES_URL"] ?? "";

/** The address of the tests' PgBouncer, or nothing if it could not be had. */
export const pgbouncerUrl: string = process.env["HOLDPOINT_TEST_PGBOUNCER_URL"] ?? "";
