#!/usr/bin/env bash
# Writes requirements/*.txt anew: every version with every hash, and no index address,
# so that they read on any mirror.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate \
    --override requirements/overrides.txt "$@"
}
lock pyproject.toml -o requirements/base.txt
lock pyproject.toml requirements/dev.in -o requirements/dev.txt
lock pyproject.toml requirements/training.in -o requirements/training.txt
