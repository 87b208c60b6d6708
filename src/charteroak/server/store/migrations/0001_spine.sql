-- The first migration: everything that is dear to change later.
--
-- One agency (custodian) is one schema. @schema@ stands for its name; its login roles
-- are @schema@_ingest, _desk, _search, _log and _purge, and none of them owns a table.
-- Nothing newer than PostgreSQL 15, no extension, no trigger. Time is always a
-- parameter of the statement, never now().

-- ------------------------------------------------------------------- cameras, boxes

CREATE TABLE cameras (
    camera_id   text PRIMARY KEY,
    name        text NOT NULL,
    latitude    double precision NOT NULL,
    longitude   double precision NOT NULL,
    heading_deg double precision NOT NULL,
    placed_at   timestamptz NOT NULL,
    retired_at  timestamptz
);

CREATE TABLE boxes (
    box_id          uuid PRIMARY KEY,
    name            text NOT NULL,
    public_key      bytea NOT NULL UNIQUE,
    software        text NOT NULL,
    enrolled_at     timestamptz NOT NULL,
    revoked_at      timestamptz,
    last_batch_at   timestamptz,
    clock_offset_s  integer,
    -- The highest number of a batch whose answer is no longer remembered: a batch at or
    -- below it that is not known is a replay.
    forgotten_boot_epoch bigint NOT NULL DEFAULT -1,
    forgotten_sequence   bigint NOT NULL DEFAULT -1
);

CREATE TABLE box_cameras (
    box_id    uuid NOT NULL REFERENCES boxes,
    camera_id text NOT NULL REFERENCES cameras,
    PRIMARY KEY (box_id, camera_id)
);

-- A one-time code lets one box in; only its hash is kept.
CREATE TABLE invitations (
    code_hash  bytea PRIMARY KEY,
    box_name   text NOT NULL,
    cameras    text[] NOT NULL,
    invited_by uuid,
    invited_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE TABLE nonces (
    box_id      uuid NOT NULL,
    nonce       text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (box_id, nonce)
);
CREATE INDEX nonces_received_at ON nonces (received_at);

-- Batches taken, with the answer each got: the same batch gets it again. Old ones go,
-- and the box keeps the highest of their numbers.
CREATE TABLE batches (
    box_id      uuid NOT NULL,
    boot_epoch  bigint NOT NULL,
    sequence    bigint NOT NULL,
    digest      bytea NOT NULL,
    signature   bytea NOT NULL,
    received_at timestamptz NOT NULL,
    answer      bytea NOT NULL,
    PRIMARY KEY (box_id, boot_epoch, sequence)
);
CREATE INDEX batches_received_at ON batches (received_at);

-- What was turned away at the door, by kind and hour: a number that nobody can miss.
CREATE TABLE refusals (
    hour timestamptz NOT NULL,
    kind text NOT NULL,
    n    bigint NOT NULL,
    PRIMARY KEY (hour, kind)
);

-- ---------------------------------------------------------------------------- reads

-- Partitioned by capture time, which is signed and never changes. The raw glyphs are
-- never rewritten; match_key beside them folds O to 0.
CREATE TABLE reads (
    read_id          uuid NOT NULL,
    camera_id        text NOT NULL,
    box_id           uuid NOT NULL,
    seen_at          timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    plate            text NOT NULL,
    match_key        text NOT NULL,
    confidence       real NOT NULL,
    characters       real[] NOT NULL,
    state            text,
    state_confidence real,
    plate_box        integer[] NOT NULL,
    engine           text NOT NULL,
    clock_suspect    boolean NOT NULL,
    plate_picture    text NOT NULL,
    vehicle_picture  text NOT NULL,
    PRIMARY KEY (read_id, seen_at)
) PARTITION BY RANGE (seen_at);
CREATE INDEX reads_plate ON reads (match_key, seen_at DESC);
CREATE INDEX reads_camera ON reads (camera_id, seen_at DESC);
-- Two-character grams for wildcards, core PostgreSQL only. The one-character substr
-- past the end of a key is its end mark. Statistics of expressions come only from
-- ANALYZE without a column list, which nobody runs here (they would keep plates).
CREATE INDEX reads_grams ON reads USING gin ((ARRAY[
    '^' || substr(match_key, 1, 1),
    substr(match_key, 1, 2), substr(match_key, 2, 2), substr(match_key, 3, 2),
    substr(match_key, 4, 2), substr(match_key, 5, 2), substr(match_key, 6, 2),
    substr(match_key, 7, 2), substr(match_key, 8, 2), substr(match_key, 9, 2),
    substr(match_key, 10, 2)
]));

-- Reads whose time cannot be right: kept apart, due by their receipt.
CREATE TABLE reads_misdated (
    read_id          uuid NOT NULL,
    camera_id        text NOT NULL,
    box_id           uuid NOT NULL,
    seen_at          timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    plate            text NOT NULL,
    match_key        text NOT NULL,
    confidence       real NOT NULL,
    characters       real[] NOT NULL,
    state            text,
    state_confidence real,
    plate_box        integer[] NOT NULL,
    engine           text NOT NULL,
    clock_suspect    boolean NOT NULL,
    plate_picture    text NOT NULL,
    vehicle_picture  text NOT NULL,
    PRIMARY KEY (read_id, received_at)
) PARTITION BY RANGE (received_at);

-- How many, for the public figures: reads themselves are gone when those are asked.
CREATE TABLE read_counts (
    camera_id      text NOT NULL,
    hour           timestamptz NOT NULL,
    reads          bigint NOT NULL,
    hits           bigint NOT NULL,
    due_on_arrival bigint NOT NULL,
    misdated       bigint NOT NULL,
    PRIMARY KEY (camera_id, hour)
);

-- The buckets that partitions are made for; dropped ones stay listed, so that a read
-- that arrives for one is known to be due.
CREATE TABLE buckets (
    bucket     text PRIMARY KEY,
    starts_at  timestamptz NOT NULL UNIQUE,
    ends_at    timestamptz NOT NULL,
    made_at    timestamptz NOT NULL,
    dropped_at timestamptz,
    reads      bigint,
    misdated   bigint,
    evidence   bigint
);

-- ------------------------------------------------------------------ hot lists, alerts

CREATE TABLE hotlists (
    list_id    uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    list_class text NOT NULL,
    source     text NOT NULL,
    authority  text NOT NULL,
    loaded_at  timestamptz NOT NULL,
    loaded_by  uuid,
    entries    integer NOT NULL
);

-- Autovacuum would keep plates in the planner's statistics; the worker writes the table
-- anew after a list was replaced.
CREATE TABLE hotlist_entries (
    entry_id   uuid PRIMARY KEY,
    list_id    uuid NOT NULL REFERENCES hotlists,
    plate      text NOT NULL,
    match_key  text NOT NULL,
    state      text,
    reason     text NOT NULL,
    vehicle    text NOT NULL,
    case_ref   text NOT NULL,
    entered_at timestamptz NOT NULL,
    expires_at timestamptz
) WITH (autovacuum_enabled = false);
CREATE INDEX hotlist_entries_match_key ON hotlist_entries (match_key);
CREATE INDEX hotlist_entries_list_id ON hotlist_entries (list_id);

-- An alert keeps what is counted; what identifies a car lies in its evidence, which
-- lives as long as a read unless it is held.
CREATE TABLE alerts (
    alert_id        uuid PRIMARY KEY,
    kept_from       timestamptz NOT NULL,
    seen_at         timestamptz NOT NULL,
    raised_at       timestamptz NOT NULL,
    camera_id       text NOT NULL,
    list_id         uuid NOT NULL,
    tier            text NOT NULL,
    state_agreement text NOT NULL,
    late            boolean NOT NULL,
    misdated        boolean NOT NULL,
    status          text NOT NULL,
    acknowledged_by uuid,
    acknowledged_at timestamptz,
    checks          text[] NOT NULL,
    reviewed_by     uuid,
    reviewed_at     timestamptz,
    rejection       text,
    outcome         text,
    outcome_by      uuid,
    outcome_at      timestamptz
);
CREATE INDEX alerts_raised_at ON alerts (raised_at DESC);
CREATE INDEX alerts_unverified ON alerts (raised_at DESC) WHERE status = 'unverified';

CREATE TABLE alert_evidence (
    alert_id         uuid NOT NULL,
    kept_from        timestamptz NOT NULL,
    read_id          uuid NOT NULL,
    plate            text NOT NULL,
    confidence       real NOT NULL,
    characters       real[] NOT NULL,
    state            text,
    state_confidence real,
    engine           text NOT NULL,
    clock_suspect    boolean NOT NULL,
    plate_picture    text NOT NULL,
    vehicle_picture  text NOT NULL,
    entry_id         uuid NOT NULL,
    entry_plate      text NOT NULL,
    entry_state      text,
    entry_reason     text NOT NULL,
    entry_vehicle    text NOT NULL,
    entry_case_ref   text NOT NULL,
    entry_entered_at timestamptz NOT NULL,
    list_name        text NOT NULL,
    list_source      text NOT NULL,
    list_authority   text NOT NULL,
    list_loaded_at   timestamptz NOT NULL,
    PRIMARY KEY (alert_id, kept_from)
) PARTITION BY RANGE (kept_from);

-- ------------------------------------------------------------------------------ holds

-- A hold copies: the partition that the read lay in is dropped on its day all the same.
CREATE TABLE holds (
    hold_id      uuid PRIMARY KEY,
    case_ref     text NOT NULL,
    purpose      text NOT NULL,
    reason       text NOT NULL,
    read_id      uuid NOT NULL,
    seen_at      timestamptz NOT NULL,
    requested_by uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    approved_by  uuid,
    approved_at  timestamptz,
    ends_at      timestamptz NOT NULL,
    ended_at     timestamptz
);
CREATE INDEX holds_case_ref ON holds (case_ref);

-- No statistics of it either: autovacuum would keep plates in them.
CREATE TABLE held_reads (
    hold_id          uuid PRIMARY KEY REFERENCES holds,
    read_id          uuid NOT NULL,
    camera_id        text NOT NULL,
    box_id           uuid NOT NULL,
    seen_at          timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    plate            text NOT NULL,
    confidence       real NOT NULL,
    characters       real[] NOT NULL,
    state            text,
    state_confidence real,
    engine           text NOT NULL,
    clock_suspect    boolean NOT NULL,
    plate_picture    text NOT NULL,
    vehicle_picture  text NOT NULL
) WITH (autovacuum_enabled = false);

-- -------------------------------------------------------------------- people, sessions

CREATE TABLE people (
    person_id     uuid PRIMARY KEY,
    login         text NOT NULL UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    temporary     boolean NOT NULL DEFAULT false,
    roles         text[] NOT NULL,
    added_at      timestamptz NOT NULL,
    disabled_at   timestamptz,
    failures      integer NOT NULL,
    locked_until  timestamptz,
    last_seen_at  timestamptz,
    -- When somebody else replaced the password; until the person has seen it.
    replaced_at   timestamptz
);

CREATE TABLE sessions (
    token_hash   bytea PRIMARY KEY,
    person_id    uuid NOT NULL REFERENCES people,
    signed_in_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    failures     integer NOT NULL DEFAULT 0
);
CREATE INDEX sessions_person_id ON sessions (person_id);

-- -------------------------------------------------------------------------------- log

-- Inserts only: no role has UPDATE or DELETE. A record has its number when it is
-- committed; its place in the tree comes later, from the sequencer, which takes
-- committed records without a place (never "number greater than the last": late
-- commits would vanish).
CREATE TABLE log (
    record_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL,
    hour      timestamptz NOT NULL,
    entry     bytea NOT NULL,
    sealed    bytea NOT NULL
);

-- The key of each record's private part, apart, so that it can be dropped.
CREATE TABLE log_keys (
    record_id bigint PRIMARY KEY REFERENCES log,
    key       bytea NOT NULL
);

CREATE TABLE log_leaves (
    leaf_index bigint PRIMARY KEY,
    record_id  bigint NOT NULL UNIQUE REFERENCES log
);

-- ----------------------------------------------------------------------------- duties

CREATE TABLE duties (
    duty            text PRIMARY KEY,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    failures        bigint NOT NULL,
    trouble         text NOT NULL,
    done            bigint NOT NULL,
    next_due_at     timestamptz NOT NULL
);

-- What was deleted and still lies in the server's files: `wal`, `held_reads`,
-- `hotlist_entries`. Written with the deletion itself, so that a crash after it leaves
-- the debt, and the worker pays it.
CREATE TABLE erasures_owed (
    what text PRIMARY KEY,
    n    bigint NOT NULL
);

-- ------------------------------------------------- making and dropping what a bucket is

-- The three tables whose rows are forgotten, each with a partition for every bucket.
-- Functions of the owner: the role that purges may call them and nothing else.
CREATE FUNCTION make_bucket(
    bucket_name text, starts timestamptz, ends timestamptz, made timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
DECLARE
    parent text;
BEGIN
    IF bucket_name !~ '^b[0-9]{8}t[0-9]{4}m[0-9]{1,4}$' OR starts >= ends THEN
        RAISE EXCEPTION 'not a bucket';
    END IF;
    INSERT INTO buckets (bucket, starts_at, ends_at, made_at)
    VALUES (bucket_name, starts, ends, made)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOREACH parent IN ARRAY ARRAY['reads', 'reads_misdated', 'alert_evidence'] LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) '
            'WITH (autovacuum_enabled = false)',
            parent || '_' || bucket_name, parent, starts, ends);
    END LOOP;
    RETURN true;
END
$body$;

-- A bucket may reach beyond `cut`, because it was made under a longer limit: from there
-- on it was never needed, and another bucket is made for that time. Gives no row where
-- the bucket was dropped before.
CREATE FUNCTION drop_bucket(
    bucket_name text, dropped timestamptz, cut timestamptz DEFAULT 'infinity'
) RETURNS TABLE (reads bigint, misdated bigint, evidence bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
DECLARE
    counts bigint[] := ARRAY[0, 0, 0]::bigint[];
    parents CONSTANT text[] := ARRAY['reads', 'reads_misdated', 'alert_evidence'];
    held boolean;
    counted bigint;
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
    UPDATE buckets b
       SET dropped_at = dropped, ends_at = least(b.ends_at, cut),
           reads = counts[1], misdated = counts[2], evidence = counts[3]
     WHERE b.bucket = bucket_name;
    RETURN QUERY SELECT counts[1], counts[2], counts[3];
END
$body$;

-- Takes back a bucket in which nothing is, to make shorter ones in its place.
CREATE FUNCTION unmake_bucket(bucket_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
DECLARE
    parent text;
    used boolean;
BEGIN
    PERFORM 1 FROM buckets b WHERE b.bucket = bucket_name AND b.dropped_at IS NULL
        FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    LOCK TABLE ONLY reads, ONLY reads_misdated, ONLY alert_evidence
        IN ACCESS EXCLUSIVE MODE;
    FOREACH parent IN ARRAY ARRAY['reads', 'reads_misdated', 'alert_evidence'] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', parent || '_' || bucket_name)
           INTO used;
        IF used THEN
            RETURN false;
        END IF;
    END LOOP;
    FOREACH parent IN ARRAY ARRAY['reads', 'reads_misdated', 'alert_evidence'] LOOP
        EXECUTE format('DROP TABLE %I', parent || '_' || bucket_name);
    END LOOP;
    DELETE FROM buckets b WHERE b.bucket = bucket_name;
    RETURN true;
END
$body$;

-- Statistics of two columns that name nobody; a bare ANALYZE would keep plates.
CREATE FUNCTION analyze_bucket(bucket_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
BEGIN
    PERFORM 1 FROM buckets b WHERE b.bucket = bucket_name AND b.dropped_at IS NULL;
    IF FOUND THEN
        EXECUTE format('ANALYZE %I (seen_at, camera_id)', 'reads_' || bucket_name);
    END IF;
END
$body$;

-- Deleted rows stay in a table's file until something overwrites them. Changing the
-- type of a column (to itself) writes table and indexes anew with what is alive, and
-- the old files go. CLUSTER and VACUUM FULL would carry dead rows over for as long as
-- anybody holds an older snapshot.
CREATE FUNCTION rewrite_held_reads() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
BEGIN
    ALTER TABLE held_reads ALTER COLUMN plate TYPE text USING plate || '';
END
$body$;

CREATE FUNCTION rewrite_hotlist_entries() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
BEGIN
    ALTER TABLE hotlist_entries ALTER COLUMN plate TYPE text USING plate || '';
END
$body$;

REVOKE ALL ON FUNCTION make_bucket(text, timestamptz, timestamptz, timestamptz),
                       drop_bucket(text, timestamptz, timestamptz),
                       unmake_bucket(text), analyze_bucket(text),
                       rewrite_held_reads(), rewrite_hotlist_entries() FROM PUBLIC;

-- ----------------------------------------------------------------------------- grants

GRANT USAGE ON SCHEMA @schema@ TO
    @schema@_ingest, @schema@_desk, @schema@_search, @schema@_log, @schema@_purge;

-- Everyone who changes something may add to the log, and see nothing of it but the
-- number of the record just added.
GRANT INSERT ON log, log_keys TO @schema@_ingest, @schema@_desk, @schema@_purge;
GRANT SELECT (record_id) ON log TO @schema@_ingest, @schema@_desk, @schema@_purge;

GRANT SELECT ON cameras, boxes, box_cameras, hotlists, hotlist_entries, buckets,
                batches, refusals, read_counts, nonces TO @schema@_ingest;
GRANT INSERT ON reads, reads_misdated, alerts, alert_evidence, nonces, batches,
                refusals, read_counts TO @schema@_ingest;
-- ON CONFLICT (read_id, seen_at) must see the key, and nothing else of a read.
GRANT SELECT (read_id, seen_at) ON reads TO @schema@_ingest;
GRANT SELECT (read_id, received_at) ON reads_misdated TO @schema@_ingest;
GRANT UPDATE (last_batch_at, clock_offset_s) ON boxes TO @schema@_ingest;
GRANT UPDATE (n) ON refusals TO @schema@_ingest;
GRANT UPDATE (reads, hits, due_on_arrival, misdated) ON read_counts TO @schema@_ingest;

-- The desk sees alerts and their evidence, and never the reads.
GRANT SELECT ON cameras, boxes, box_cameras, invitations, hotlists, hotlist_entries,
                alerts, alert_evidence, holds, held_reads, people, sessions, duties,
                buckets, read_counts, refusals TO @schema@_desk;
GRANT INSERT ON cameras, boxes, box_cameras, invitations, hotlists, hotlist_entries,
                holds, held_reads, people, sessions, refusals TO @schema@_desk;
GRANT UPDATE ON hotlists, invitations, holds, people, sessions TO @schema@_desk;
GRANT UPDATE (n) ON refusals TO @schema@_desk;
GRANT UPDATE (revoked_at, name) ON boxes TO @schema@_desk;
GRANT UPDATE (retired_at, name, latitude, longitude, heading_deg) ON cameras
   TO @schema@_desk;
GRANT UPDATE (status, acknowledged_by, acknowledged_at, checks, reviewed_by,
              reviewed_at, rejection, outcome, outcome_by, outcome_at) ON alerts
   TO @schema@_desk;
GRANT DELETE ON hotlist_entries, sessions TO @schema@_desk;
GRANT SELECT, INSERT, UPDATE ON erasures_owed TO @schema@_desk;

-- A search reads, and can do nothing else.
GRANT SELECT ON reads, cameras, buckets TO @schema@_search;

-- An auditor reads the log, and never a read.
GRANT SELECT ON log, log_keys, log_leaves TO @schema@_log;
GRANT SELECT (person_id, login, name, roles, temporary, added_at, disabled_at,
              locked_until, last_seen_at) ON people TO @schema@_log;

-- The worker makes and drops buckets, and keeps its own book.
GRANT EXECUTE ON FUNCTION make_bucket(text, timestamptz, timestamptz, timestamptz),
                          drop_bucket(text, timestamptz, timestamptz),
                          unmake_bucket(text), analyze_bucket(text),
                          rewrite_held_reads(), rewrite_hotlist_entries()
   TO @schema@_purge;
GRANT SELECT ON buckets, duties, holds, hotlists TO @schema@_purge;
GRANT INSERT, UPDATE ON duties TO @schema@_purge;
GRANT SELECT, INSERT, UPDATE, DELETE ON erasures_owed TO @schema@_purge;
GRANT UPDATE (ended_at) ON holds TO @schema@_purge;
GRANT SELECT (box_id, forgotten_boot_epoch, forgotten_sequence),
      UPDATE (forgotten_boot_epoch, forgotten_sequence) ON boxes TO @schema@_purge;
GRANT SELECT, DELETE ON held_reads, nonces, invitations, sessions, batches
   TO @schema@_purge;
