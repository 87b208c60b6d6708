-- New rows wait in a list before the index of grams, which every search reads through;
-- autovacuum, which would settle it, is off for reads. So whoever analyzes a bucket
-- settles it too: without that each of thirty days costs every wildcard milliseconds.
CREATE OR REPLACE FUNCTION analyze_bucket(bucket_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
BEGIN
    PERFORM 1 FROM buckets b WHERE b.bucket = bucket_name AND b.dropped_at IS NULL;
    IF FOUND THEN
        EXECUTE format('ANALYZE %I (seen_at, camera_id)', 'reads_' || bucket_name);
        PERFORM gin_clean_pending_list(i.inhrelid::regclass)
           FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
          WHERE i.inhparent = 'reads_grams'::regclass
            AND x.indrelid = to_regclass(quote_ident('reads_' || bucket_name));
    END IF;
END
$body$;
