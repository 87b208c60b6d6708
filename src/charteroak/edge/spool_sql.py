"""What the spool says to its file, in SQL."""

from typing import Final

PUT: Final = """
    INSERT INTO envelopes (created_at, kept_until, boot, due_ms, hit, lock, envelope)
    VALUES (:created_at, :kept_until, :boot, :due_ms, :hit, :lock, :envelope)
"""
ANY: Final = "SELECT EXISTS (SELECT 1 FROM envelopes)"
ASSIGNED: Final = """
    SELECT boot_epoch, sequence
      FROM envelopes
     WHERE sequence IS NOT NULL
     ORDER BY boot_epoch, sequence
     LIMIT 1
"""
OF_BATCH: Final = """
    SELECT id, lock IS NOT NULL, envelope
      FROM envelopes
     WHERE boot_epoch = :boot_epoch AND sequence = :sequence
     ORDER BY id
"""
UNASSIGNED: Final = """
    SELECT id, length(envelope) - iif(lock IS NULL, 0, 28)
      FROM envelopes
     WHERE sequence IS NULL
       AND (not_before <= :now OR not_before > :now + :aside)
       AND CASE WHEN boot = :boot THEN due_ms > :up_ms ELSE kept_until > :now END
     ORDER BY id
     LIMIT :most
"""
ASSIGN: Final = """
    UPDATE envelopes SET boot_epoch = :boot_epoch, sequence = :sequence
     WHERE id = :id
"""
RELEASE: Final = """
    UPDATE envelopes SET boot_epoch = NULL, sequence = NULL, not_before = :not_before
     WHERE id = :id
"""
RELEASE_BROKEN: Final = """
    UPDATE envelopes SET boot_epoch = NULL, sequence = NULL
     WHERE (boot_epoch, sequence) IN
           (SELECT boot_epoch, sequence
              FROM envelopes
             WHERE sequence IS NOT NULL
               AND CASE WHEN boot = :boot THEN due_ms <= :up_ms
                        ELSE kept_until <= :now END)
"""
DELETE: Final = "DELETE FROM envelopes WHERE id = :id RETURNING length(envelope)"
DELETE_DUE: Final = """
    DELETE FROM envelopes
     WHERE id IN (SELECT id
                    FROM envelopes
                   WHERE (boot = :boot AND due_ms <= :up_ms)
                      OR (boot IS NOT :boot AND kept_until <= :now)
                   LIMIT :most)
    RETURNING length(envelope)
"""
COUNT: Final = """
    INSERT INTO counts (name, value) VALUES (:name, :more)
    ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
"""
STATS: Final = """
    SELECT count(*), coalesce(sum(length(envelope)), 0), min(created_at),
           count(*) FILTER (WHERE not_before > :now AND not_before <= :now + :aside)
      FROM envelopes
"""
FREE_INSIDE: Final = """
    SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size
"""
COUNTS: Final = "SELECT name, value FROM counts ORDER BY name"
OF_OTHER_LOCKS: Final = """
    DELETE FROM envelopes
     WHERE id IN (SELECT id
                    FROM envelopes
                   WHERE lock IS NOT NULL AND lock <> :lock
                   LIMIT :most)
    RETURNING length(envelope)
"""
KINDS: Final = """
    SELECT count(*) FILTER (WHERE hit), count(*) FILTER (WHERE NOT hit) FROM envelopes
"""
UNNUMBER: Final = """
    UPDATE envelopes SET boot_epoch = NULL, sequence = NULL WHERE sequence IS NOT NULL
"""
DELETE_OTHERS: Final = """
    DELETE FROM envelopes
     WHERE id IN (SELECT id FROM envelopes WHERE NOT hit LIMIT :most)
    RETURNING length(envelope)
"""
SHORTEN: Final = """
    UPDATE envelopes
       SET kept_until = min(kept_until, created_at + :keep_ms),
           due_ms = due_ms - max(0, kept_until - created_at - :keep_ms)
"""
