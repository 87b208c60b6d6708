#!/usr/bin/env bash
# Stops with one sentence where a tool is missing or too old: need.sh python CMD | node
set -euo pipefail
case "$1" in
  python)
    command -v "$2" >/dev/null || { echo "Charter Oak needs Python 3.11 or newer, and there is no '$2' here. Install it, or say which: make PYTHON=python3.12" >&2; exit 1; }
    "$2" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Charter Oak needs Python 3.11 or newer; '$2' is $("$2" -V 2>&1). Say which to use: make PYTHON=python3.12" >&2; exit 1; }
    "$2" -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module. On Debian: apt-get install python3-venv" >&2; exit 1; }
    ;;
  node)
    command -v node >/dev/null && command -v npm >/dev/null || { echo "Charter Oak needs Node.js 20 or newer with npm to build its pages. Install it and call make again." >&2; exit 1; }
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "Charter Oak needs Node.js 20 or newer; this is $(node --version)." >&2; exit 1; }
    ;;
esac
