"""License-plate readers that a town runs itself, and that keep the law."""
