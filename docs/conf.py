"""How the documentation is built: `make check` does it, with warnings as errors."""

project = "Charter Oak"
author = "The Charter Oak developers"
copyright = "2026, the Charter Oak developers"
extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
html_theme = "furo"
html_title = "Charter Oak"
exclude_patterns = ["_build"]
nitpicky = True
