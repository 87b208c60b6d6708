"""Days full of reads, straight into their partitions: years of traffic in minutes.

The database draws them itself, with the indexes in place as in a server that took them
in one by one, and tells its planner what the worker tells it.
"""

from datetime import timedelta
from typing import Final

from psycopg import sql

from charteroak.bench.site import Admin
from charteroak.core.retention import Bucket

CAMERAS: Final = 13
VEHICLES: Final = 300_000
"""Different plates in the town; the first pass much more often than the last."""

# Plates as Connecticut and its neighbours print them: two letters and five digits,
# three digits and three letters, three letters and four digits, and chosen ones.
_FILL: Final = sql.SQL("""
    INSERT INTO {partition}
           (read_id, camera_id, box_id, seen_at, received_at, plate, match_key,
            confidence, characters, state, state_confidence, plate_box, engine,
            clock_suspect, plate_picture, vehicle_picture)
    SELECT gen_random_uuid(), 'camera-' || to_char(camera, 'FM00'), {box},
           seen_at, seen_at + interval '1 second', plate, translate(plate, 'O', '0'),
           0.97, array_fill(0.99::real, ARRAY[length(plate)]), CASE WHEN form < 7 THEN 'CT' ELSE 'NY' END, 0.9,
           {plate_box}, 'bench 1', false, {picture}, {picture}
      FROM (
        SELECT seen_at, camera, form,
               CASE WHEN form < 6 THEN
                        chr(65 + a) || chr(65 + b) || to_char(number, 'FM00000')
                    WHEN form < 8 THEN
                        chr(65 + a) || chr(65 + b) || chr(65 + c)
                        || to_char(number % 10000, 'FM0000')
                    WHEN form = 8 THEN
                        to_char(number % 1000, 'FM000') || chr(65 + a) || chr(65 + b)
                        || chr(65 + c)
                    ELSE chr(65 + a) || chr(65 + b) || chr(65 + c)
                         || to_char(number % 100, 'FM00')
               END AS plate
          FROM (
            SELECT {starts_at} + {step} * i AS seen_at,
                   (random() * 12)::integer AS camera,
                   (spread % 10)::integer AS form,
                   spread / 10 % 100000 AS number, (spread / 97 % 26)::integer AS a,
                   (spread / 9973 % 26)::integer AS b, (spread / 31 % 26)::integer AS c
              FROM (
                SELECT i, (power(random(), 2) * {vehicles})::bigint * 2654435761
                          % 4294967296 AS spread
                  FROM generate_series(0, {n} - 1) AS i
              ) AS passes
          ) AS drawn
      ) AS seen
""")


def fill(connection: Admin, bucket: Bucket, n: int, *, seed: float) -> None:
    """Fill a bucket's partition with reads, evenly over its time.

    Args:
        connection: of the administrator.
        bucket: made already.
        n: how many reads.
        seed: between -1 and 1; the same gives the same traffic.
    """
    span: timedelta = bucket.ends_at - bucket.starts_at
    connection.execute("SET synchronous_commit = off")
    connection.execute("SELECT setseed(%s)", [seed])
    connection.execute(
        _FILL.format(
            partition=sql.Identifier(f"reads_{bucket.name}"),
            box="00000000-0000-0000-0000-000000000001",
            plate_box="{900,500,180,60}",
            picture=f"{bucket.name}/0000000000000000/0-20000",
            starts_at=bucket.starts_at,
            step=span / n,
            vehicles=VEHICLES - 1,
            n=n,
        )
    )
    connection.execute("SELECT analyze_bucket(%s)", [bucket.name])
