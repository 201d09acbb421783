#!/usr/bin/env bash
# Runs a command on a machine with a Chromium for the browser tests:
#   scripts/chromium.sh npm test
# Chromium comes from Debian's packages when it is missing and may be installed. Where there is none the reason is
# printed, the command runs all the same, and the tests that need it are skipped. Another one: GOODHART_CHROMIUM.
set -euo pipefail

[ $# -gt 0 ] || { echo 'usage: scripts/chromium.sh <command> [argument…]' >&2; exit 2; }

found() { [ -n "${GOODHART_CHROMIUM:-}" ] || command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null; }
reason=''
if ! found; then
  if [ "$(id -u)" != 0 ]; then reason='it is not installed, and only root could'
  elif ! command -v apt-get >/dev/null; then reason='it is not installed, and there is no apt-get'
  elif ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >&2
  then reason='apt-get could not install it'; else found || reason='apt-get brought none'; fi
fi
[ -z "$reason" ] || echo "chromium.sh: no Chromium: $reason; the tests that need it are skipped" >&2
exec "$@"
