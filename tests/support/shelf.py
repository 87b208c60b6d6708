"""Agencies that tests use one after another: made once, and as new for each.

To migrate an agency and make its buckets takes longer than most tests. So the rows that
a test left are taken out, and the next test gets the same schema. One whose tables,
functions, roles or rights are not as they were is dropped instead, and so is one that
has grown: a test may do what it likes.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs
import psycopg
from psycopg import sql

from tests.support.postgres import TestAgency, drop

_GROWN: Final = 16 * 1024 * 1024
"""Bytes of tables and indexes."""

_SHAPE: Final = """
    WITH here AS (
        SELECT to_regnamespace(%(schema)s) AS it
    ), relations AS (
        SELECT c.* FROM pg_class AS c JOIN here ON here.it = c.relnamespace
    ), people AS (
        SELECT * FROM pg_authid WHERE starts_with(rolname, %(schema)s || '_')
    ), things AS (
        SELECT concat_ws(' ', 'relation', oid, relname, relkind, relowner, relacl) AS it
          FROM relations
         UNION ALL
        SELECT concat_ws(' ', 'column', a.attrelid, a.attnum, a.attname, a.atttypid,
                         a.attnotnull, a.attacl)
          FROM pg_attribute AS a JOIN relations AS r ON r.oid = a.attrelid
         UNION ALL
        SELECT concat_ws(' ', 'rule', c.oid, c.conname)
          FROM pg_constraint AS c JOIN here ON here.it = c.connamespace
         UNION ALL
        SELECT concat_ws(' ', 'trigger', t.oid, t.tgenabled)
          FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid
         UNION ALL
        SELECT concat_ws(' ', 'function', p.oid, p.xmin, p.proacl)
          FROM pg_proc AS p JOIN here ON here.it = p.pronamespace
         UNION ALL
        SELECT concat_ws(' ', 'schema', n.oid, n.nspowner, n.nspacl)
          FROM pg_namespace AS n JOIN here ON here.it = n.oid
         UNION ALL
        SELECT concat_ws(' ', 'person', oid, rolpassword, rolcanlogin, rolconnlimit)
          FROM people
         UNION ALL
        SELECT concat_ws(' ', 'setting', s.setrole, s.setconfig)
          FROM pg_db_role_setting AS s JOIN people AS p ON p.oid = s.setrole
         UNION ALL
        SELECT concat_ws(' ', 'member', m.roleid, m.member)
          FROM pg_auth_members AS m JOIN people AS p ON p.oid IN (m.roleid, m.member)
    )
    SELECT (SELECT md5(string_agg(it, ',' ORDER BY it)) FROM things),
           (SELECT coalesce(sum(pg_relation_size(oid)), 0)::bigint FROM relations)
"""
_NAMES: Final = """
    SELECT relname FROM pg_class
     WHERE relnamespace = to_regnamespace(%(schema)s) AND relkind = %(kind)s
     ORDER BY relname
"""
# What the planner learned from the rows of one test must not be found by another.
_FORGET: Final = """
    DELETE FROM pg_statistic
     WHERE starelid IN (SELECT oid FROM pg_class
                         WHERE relnamespace = to_regnamespace(%(schema)s))
"""
_DISCONNECT: Final = """
    SELECT pg_terminate_backend(pid, 10000)
      FROM pg_stat_activity WHERE starts_with(usename, %(schema)s || '_')
"""

Prepare = Callable[[TestAgency], None]


@attrs.frozen(kw_only=True)
class _New:
    """How an agency was when it was made.

    Attributes:
        shape: digest of what there is, and of who may do what with it.
        rows: of each table that has some, as COPY writes them.
        numbers: of each sequence, its last value and whether it was given out.
    """

    shape: str
    rows: Mapping[str, bytes]
    numbers: Mapping[str, tuple[int, bool]]


@attrs.frozen
class Shelf:
    """The agencies of one way to prepare them that no test uses now.

    Attributes:
        make: makes one more.
        prepare: what is done with it before it is new.
    """

    make: Callable[[], TestAgency]
    prepare: Prepare
    _free: list[tuple[TestAgency, _New]] = attrs.field(init=False, factory=list)
    _used: dict[str, _New] = attrs.field(init=False, factory=dict)

    def take(self) -> TestAgency:
        """One that is as new."""
        if self._free:
            agency, new = self._free.pop()
        else:
            agency = self.make()
            self.prepare(agency)
            with psycopg.connect(agency.admin_dsn) as admin:
                new = _Schema(admin, agency).look()
        self._used[agency.slug] = new
        return agency

    def give_back(self, agency: TestAgency) -> None:
        """Clean it and keep it, or drop it."""
        new = self._used.pop(agency.slug)
        with psycopg.connect(agency.admin_dsn) as admin:
            schema = _Schema(admin, agency)
            if schema.clean(new):
                self._free.append((agency, new))
                return
        drop(agency)


@attrs.frozen
class _Schema:
    """An agency's schema, in the hands of the database's administrator."""

    admin: psycopg.Connection
    agency: TestAgency

    def look(self) -> _New:
        tables = self._tables()
        return _New(
            shape=self._shape()[0],
            rows={table: self._rows(table) for table in self._with_rows(tables)},
            numbers={name: self._number(name) for name in self._names("S")},
        )

    def clean(self, new: _New) -> bool:
        """Put back every row and number; False where that would not be enough."""
        self.admin.execute(_DISCONNECT, {"schema": self.agency.schema})
        shape, size = self._shape()
        if shape != new.shape or size > _GROWN:
            return False
        # Neither triggers nor foreign keys: the order of the tables does not matter.
        self.admin.execute("SET LOCAL session_replication_role = replica")
        self.admin.execute(_FORGET, {"schema": self.agency.schema})
        full = self._with_rows(self._tables())
        for table in {*full, *new.rows}:
            if table in new.rows and self._rows(table) == new.rows[table]:
                continue
            self.admin.execute(sql.SQL("DELETE FROM {}").format(self._name(table)))
            if table in new.rows:
                self._fill(table, new.rows[table])
        for name, (last, given) in new.numbers.items():
            if self._number(name) != (last, given):
                self.admin.execute(
                    "SELECT setval(%(name)s::regclass, %(last)s, %(given)s)",
                    {
                        "name": self._name(name).as_string(self.admin),
                        "last": last,
                        "given": given,
                    },
                )
        return True

    def _name(self, thing: str) -> sql.Identifier:
        return sql.Identifier(self.agency.schema, thing)

    def _names(self, kind: str) -> list[str]:
        found = self.admin.execute(_NAMES, {"schema": self.agency.schema, "kind": kind})
        return [str(row[0]) for row in found]

    def _tables(self) -> list[str]:
        return self._names("r")

    def _with_rows(self, tables: list[str]) -> list[str]:
        each = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
                sql.Literal(table), self._name(table)
            )
            for table in tables
        ]
        found = self.admin.execute(sql.SQL(" UNION ALL ").join(each))
        return [str(row[0]) for row in found]

    def _rows(self, table: str) -> bytes:
        copy = sql.SQL("COPY {} TO STDOUT").format(self._name(table))
        with self.admin.cursor() as cursor, cursor.copy(copy) as rows:
            return b"".join(bytes(row) for row in rows)

    def _fill(self, table: str, rows: bytes) -> None:
        copy = sql.SQL("COPY {} FROM STDIN").format(self._name(table))
        with self.admin.cursor() as cursor, cursor.copy(copy) as to:
            to.write(rows)

    def _number(self, name: str) -> tuple[int, bool]:
        row = self.admin.execute(
            sql.SQL("SELECT last_value, is_called FROM {}").format(self._name(name))
        ).fetchone()
        assert row is not None
        return int(row[0]), bool(row[1])

    def _shape(self) -> tuple[str, int]:
        row = self.admin.execute(_SHAPE, {"schema": self.agency.schema}).fetchone()
        assert row is not None
        return str(row[0]), int(row[1])
