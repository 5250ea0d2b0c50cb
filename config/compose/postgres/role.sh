#!/usr/bin/env bash
# Run once by the entrypoint of the Postgres image, on an empty volume: the role that API and worker use. It is no superuser;
# it makes a role a tenant (CREATEROLE) and scratch databases to try backups in (CREATEDB).
set -euo pipefail
psql -v ON_ERROR_STOP=1 -v database="$POSTGRES_DB" -v password="$SELFRAG_DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE selfrag LOGIN CREATEROLE CREATEDB NOSUPERUSER PASSWORD :'password';
ALTER DATABASE :"database" OWNER TO selfrag;
ALTER SCHEMA public OWNER TO selfrag;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
