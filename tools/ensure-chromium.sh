#!/usr/bin/env bash
# The browser tests drive a real Chromium: find one, or install Debian's.
set -euo pipefail
for name in "${CHARTEROAK_CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium for the browser tests ..."
  apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  exit 0
fi
echo "The tests need Chromium. Install it (Debian: sudo apt-get install chromium), or set CHARTEROAK_CHROMIUM to its path." >&2
exit 1
