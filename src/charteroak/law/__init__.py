"""The rules as data: Cedar text and numbers per state and date, one vocabulary."""
