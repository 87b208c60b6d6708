"""Which promises the settings of this database let us not keep.

With the embedded database all can be kept. Somebody else's may be set otherwise, also
for one role or one database alone, which outranks everything else.
"""

from collections.abc import Iterable
from typing import Final

from charteroak.server.store.database import Changes
from charteroak.server.store.roles import AgencySchema, Role

_SETTINGS: Final = """
    SELECT name, setting
      FROM pg_settings
     WHERE name = ANY (%(names)s)
     ORDER BY name
     LIMIT 100
"""

# Of the whole server, of this database, and of our roles.
_OVERRIDES: Final = """
    SELECT split_part(entry, '=', 1), substr(entry, strpos(entry, '=') + 1)
      FROM pg_db_role_setting AS s
     CROSS JOIN unnest(s.setconfig) AS entry
     WHERE (s.setdatabase = 0 OR s.setdatabase =
               (SELECT oid FROM pg_database WHERE datname = current_database()))
       AND (s.setrole = 0 OR s.setrole IN
               (SELECT oid FROM pg_roles WHERE rolname = ANY (%(roles)s)))
     ORDER BY entry
     LIMIT 1000
"""

_COPIES: Final = """
    SELECT (SELECT count(*) FROM pg_replication_slots)
         + (SELECT count(*) FROM pg_stat_replication)
"""

_MAY_FLUSH: Final = """
    SELECT pg_has_role(%(role)s, 'pg_checkpoint', 'USAGE')
       AND has_function_privilege(%(role)s, 'pg_switch_wal()', 'EXECUTE')
"""

# By promise: for each setting the values with which it can be kept.
_KEEPS: Final = {
    "commits_lost": {
        "fsync": {"on"},
        "full_page_writes": {"on"},
        # As a role's own setting may be spelled; `remote_write` waits for our disk too.
        "synchronous_commit": {
            *("on", "local", "remote_apply", "remote_write"),
            *("true", "yes", "1"),
        },
    },
    "parameters_logged": {
        "log_parameter_max_length": {"0"},
        "log_parameter_max_length_on_error": {"0"},
    },
    "statements_logged": {
        "log_min_duration_sample": {"-1"},
        "log_min_duration_statement": {"-1"},
        "log_min_error_statement": {"panic"},
        "log_min_messages": {"log", "fatal", "panic"},
        "log_statement": {"none", "ddl"},
        "log_transaction_sample_rate": {"0"},
    },
    "wal_archived": {"archive_mode": {"off"}},
    "wal_kept": {"wal_keep_size": {"0"}},
    "wal_recycled": {"wal_recycle": {"off"}},
}


def broken(tx: Changes, names: AgencySchema) -> list[str]:
    """What this database's settings let us not promise: codes, empty if all is well."""
    found = {
        code
        for code, keeps in _KEEPS.items()
        if any(_breaks(keeps, name, value) for name, value in _set(tx, names))
    }
    if _one(tx, _COPIES, {}) != 0:
        found.add("copied_elsewhere")
    if _one(tx, _MAY_FLUSH, {"role": names.role(Role.PURGE)}) is not True:
        found.add("wal_not_emptied")
    return sorted(found)


def _set(tx: Changes, names: AgencySchema) -> Iterable[tuple[str, str]]:
    wanted = [name for keeps in _KEEPS.values() for name in keeps]
    rows = tx.connection.execute(_SETTINGS, {"names": wanted}).fetchall()
    roles = [names.role(role) for role in Role]
    rows += tx.connection.execute(_OVERRIDES, {"roles": roles}).fetchall()
    return [(str(name), str(value)) for name, value in rows]


def _breaks(keeps: dict[str, set[str]], name: str, value: str) -> bool:
    return name in keeps and value not in keeps[name]


def _one(tx: Changes, statement: str, values: dict[str, str]) -> object:
    row = tx.connection.execute(statement, values).fetchone()
    return None if row is None else row[0]
