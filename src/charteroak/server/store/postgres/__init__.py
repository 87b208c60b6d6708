"""The embedded database: PostgreSQL binaries from a wheel, run by our own supervisor.

Start at `supervisor.EmbeddedPostgres`. Nothing here is needed with a database of
one's own (`CHARTEROAK_DSN`).
"""
