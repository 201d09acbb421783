#!/usr/bin/env bash
# Runs a command beside a throw-away PostgreSQL of its own (temporary folder, free port), named to it in
# GOODHART_TEST_POSTGRES, and removes both afterwards, whatever happened:
#   scripts/postgres.sh npm test
# PostgreSQL comes from Debian's packages when it is missing and may be installed. Where there is none the reason is
# printed, the command runs all the same, and the tests that need it are skipped.
set -euo pipefail

[ $# -gt 0 ] || { echo 'usage: scripts/postgres.sh <command> [argument…]' >&2; exit 2; }

binaries() {
  local folder
  folder=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
  if [ -x "$folder/initdb" ]; then echo "$folder"; elif command -v initdb >/dev/null; then dirname "$(command -v initdb)"; fi
}
install() {
  if [ "$(id -u)" != 0 ]; then reason='it is not installed, and only root could'
  elif ! command -v apt-get >/dev/null; then reason='it is not installed, and there is no apt-get'
  elif ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2
  then reason='apt-get could not install it'; else reason='apt-get brought none'; fi
}

folder=''
as=() # PostgreSQL refuses to run as root.
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
run() { ${as[@]+"${as[@]}"} "$@"; }
stop() {
  [ -n "$folder" ] || return 0
  run "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {
  folder=$(mktemp -d "${TMPDIR:-/tmp}/goodhart-postgres.XXXXXX")
  [ "$(id -u)" != 0 ] || chown postgres "$folder" || return 1
  (
    cd "$folder"
    run "$bin/initdb" -D data -U goodhart -A trust -E UTF8 --locale=C --no-sync >init.log 2>&1 &&
      # Memory as on a server of its own: it takes what it uses of it, and the default of 128 MB is none to measure by.
      run "$bin/pg_ctl" -D data -w -l "$folder/server.log" \
        -o "-p $1 -c listen_addresses=127.0.0.1 -k $folder -c shared_buffers=1GB" start >start.log 2>&1
  ) || { cat "$folder"/*.log >&2; return 1; }
}

reason=''
bin=$(binaries)
[ -n "$bin" ] || { install; bin=$(binaries); }
if [ -n "$bin" ]; then
  reason='it did not start'
  port=$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
  if start "$port"; then
    reason=''
    export GOODHART_TEST_POSTGRES="postgres://goodhart@127.0.0.1:$port/postgres"
  fi
fi
[ -z "$reason" ] || echo "postgres.sh: no PostgreSQL: $reason; the tests that need it are skipped" >&2
"$@"
