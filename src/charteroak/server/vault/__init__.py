"""Pictures and keys: what lies outside the database."""
