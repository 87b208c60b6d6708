"""The demonstration town."""
