"""The rules as data: Cedar text and numbers per state and effective date."""
