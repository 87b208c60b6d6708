-- To drop a partition is to lock the whole table of reads, and whoever reads the
-- partition just then is waited for with that lock in hand: a backup onto a disk that
-- stands still would stop every search and every box. So it gives way after three
-- seconds, and is tried again; its key is destroyed by then.
CREATE OR REPLACE FUNCTION drop_bucket(
    bucket_name text, dropped timestamptz, cut timestamptz DEFAULT 'infinity'
) RETURNS TABLE (reads bigint, misdated bigint, evidence bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
DECLARE
    counts bigint[] := ARRAY[0, 0, 0]::bigint[];
    parents CONSTANT text[] := ARRAY['reads', 'reads_misdated', 'alert_evidence'];
    held boolean;
    counted bigint;
    patience CONSTANT text := current_setting('lock_timeout');
BEGIN
    -- Before any table is locked: whoever empties the write-ahead log holds this row.
    INSERT INTO erasures_owed (what, n) VALUES ('wal', 1)
    ON CONFLICT (what) DO UPDATE SET n = erasures_owed.n + 1;
    SELECT b.dropped_at IS NULL INTO held FROM buckets b WHERE b.bucket = bucket_name
       FOR UPDATE;
    IF held IS NULL THEN
        RAISE EXCEPTION 'no such bucket';
    END IF;
    IF NOT held THEN
        RETURN;
    END IF;
    PERFORM set_config('lock_timeout', '3s', true);
    FOR place IN 1..3 LOOP
        -- An administrator may have dropped one by hand.
        CONTINUE WHEN to_regclass(quote_ident(parents[place] || '_' || bucket_name))
                      IS NULL;
        -- So that what is counted is what goes; other buckets are still written to.
        EXECUTE format('LOCK TABLE %I IN SHARE MODE',
                       parents[place] || '_' || bucket_name);
        EXECUTE format('SELECT count(*) FROM %I', parents[place] || '_' || bucket_name)
           INTO counted;
        counts[place] := counted;
        EXECUTE format('DROP TABLE %I', parents[place] || '_' || bucket_name);
    END LOOP;
    PERFORM set_config('lock_timeout', patience, true);
    UPDATE buckets b
       SET dropped_at = dropped, ends_at = least(b.ends_at, cut),
           reads = counts[1], misdated = counts[2], evidence = counts[3]
     WHERE b.bucket = bucket_name;
    RETURN QUERY SELECT counts[1], counts[2], counts[3];
END
$body$;
