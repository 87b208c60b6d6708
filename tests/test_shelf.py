"""An agency that one test used is as new for the next."""

import psycopg
from psycopg import sql

from tests.support.shelf import Shelf

_LEARNED = "SELECT count(*) FROM pg_stats WHERE schemaname = %s"


def test_what_the_planner_learned_in_one_test_the_next_does_not_find(
    schemas: Shelf,
) -> None:
    taken = schemas.take()
    with psycopg.connect(taken.admin_dsn) as admin:
        partners = sql.Identifier(taken.schema, "partners")
        admin.execute(
            sql.SQL(
                "INSERT INTO {} SELECT gen_random_uuid(), n, 'police', 'CT', now() "
                "FROM generate_series(1, 10) AS n"
            ).format(partners)
        )
        admin.execute(sql.SQL("ANALYZE {}").format(partners))
        assert admin.execute(_LEARNED, [taken.schema]).fetchone() != (0,)
    schemas.give_back(taken)

    again = schemas.take()

    assert again == taken
    with psycopg.connect(again.admin_dsn) as admin:
        assert admin.execute(_LEARNED, [again.schema]).fetchone() == (0,)
    schemas.give_back(again)
