#!/usr/bin/env bash
# Runs a command beside a throw-away PostgreSQL of its own (temporary folder, free port), named to it in
# GOODHART_TEST_POSTGRES, and removes both afterwards, whatever happened:
#   scripts/postgres.sh npm test
# PostgreSQL comes from Debian's packages when it is missing and may be installed; without it the command runs all the
# same, and the tests that need it are skipped.
set -euo pipefail

binaries() {
  local folder
  folder=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
  if [ -x "$folder/initdb" ]; then echo "$folder"; elif command -v initdb >/dev/null; then dirname "$(command -v initdb)"; fi
}

[ $# -gt 0 ] || { echo 'usage: scripts/postgres.sh <command> [argument…]' >&2; exit 2; }
bin=$(binaries)
if [ -z "$bin" ]; then
  reason=''
  if [ "$(id -u)" != 0 ]; then reason='PostgreSQL is not installed, and only root could'
  elif ! command -v apt-get >/dev/null; then reason='PostgreSQL is not installed, and there is no apt-get'
  elif ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2
  then reason='PostgreSQL could not be installed'; fi
  bin=$(binaries)
  if [ -z "$bin" ]; then
    echo "postgres.sh: ${reason:-PostgreSQL was not found}; the tests that need it are skipped" >&2
    exec "$@"
  fi
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/goodhart-postgres.XXXXXX")
# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi
stop() {
  "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

port=$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
cd "$folder"
{ "${as[@]}" "$bin/initdb" -D data -U goodhart -A trust -E UTF8 --locale=C --no-sync >init.log 2>&1 &&
  "${as[@]}" "$bin/pg_ctl" -D data -w -l "$folder/server.log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -k $folder" start >start.log 2>&1; } ||
  { cat ./*.log >&2; exit 1; }
cd "$OLDPWD"
GOODHART_TEST_POSTGRES="postgres://goodhart@127.0.0.1:$port/postgres" "$@"
