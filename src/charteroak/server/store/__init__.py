"""All SQL: one module per noun, and the database's own life."""
