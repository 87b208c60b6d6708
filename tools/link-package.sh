#!/usr/bin/env bash
# Puts this checkout and its command into a virtual environment: link-package.sh VENV
# A path file and a launcher do what an editable install does, without a build tool.
set -euo pipefail
venv=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$root/src" > "$site/charteroak.pth"
cat > "$venv/bin/charteroak" <<LAUNCH
#!$venv/bin/python
import sys

# A process that Python starts from this one runs this file again, by another name.
if __name__ == "__main__":
    from charteroak.cli import main

    sys.exit(main())
LAUNCH
chmod +x "$venv/bin/charteroak"
