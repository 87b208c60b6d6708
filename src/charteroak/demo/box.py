"""The box of the demonstration: `charteroak edge run`, tied to its parent."""

import sys

from charteroak.demo.children import stop_with_parent
from charteroak.edge.cli import app

if __name__ == "__main__":
    stop_with_parent()
    app(args=["run", *sys.argv[1:]])
