-- Holds by their ground, holds of a span that nobody has looked into, and the limits
-- that were in force before.

-- A hold is of one read, or of a span (hold_spans). `unfinished`: what belongs into the
-- vault has not been put there yet, so nobody can approve it.
ALTER TABLE holds
    ALTER COLUMN read_id DROP NOT NULL,
    ALTER COLUMN seen_at DROP NOT NULL,
    ADD COLUMN ground text NOT NULL DEFAULT 'active_case',
    ADD COLUMN unfinished boolean NOT NULL DEFAULT false,
    -- The record of the decision that the reads are copied under.
    ADD COLUMN decided_record bigint REFERENCES log,
    ADD COLUMN extend_to timestamptz,
    ADD COLUMN extend_reason text,
    ADD COLUMN extend_by uuid,
    ADD COLUMN extend_asked_at timestamptz,
    ADD CHECK ((read_id IS NULL) = (seen_at IS NULL)),
    ADD CHECK ((extend_to IS NULL) = (extend_by IS NULL)),
    -- Nobody is their own second person; what an older release approved stays as it is.
    ADD CONSTRAINT holds_two_persons
        CHECK (approved_by IS DISTINCT FROM requested_by OR approved_by IS NULL) NOT VALID;
CREATE INDEX holds_standing ON holds (ends_at) WHERE ended_at IS NULL;

-- What a hold stands on beside its case: a paper of a court, or a request to preserve.
-- The document itself lies in the vault, under the key of the hold.
CREATE TABLE hold_papers (
    hold_id         uuid PRIMARY KEY REFERENCES holds,
    title           text,
    issuer          text,
    issued_by       text NOT NULL,
    number          text NOT NULL,
    dated           date NOT NULL,
    party           text,
    contact         text NOT NULL,
    document        text NOT NULL,
    document_kind   text NOT NULL,
    document_sha256 text NOT NULL,
    CHECK ((title IS NULL) = (issuer IS NULL)),
    CHECK ((title IS NULL) <> (party IS NULL))
);

-- Plates stand in the vault too, so that they go with the key of the hold.
CREATE TABLE hold_spans (
    hold_id      uuid PRIMARY KEY REFERENCES holds,
    cameras      text[] NOT NULL,
    by_plate     boolean NOT NULL,
    plates       text NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    -- Reads before this moment were due when the hold was approved.
    kept_from    timestamptz,
    -- How many there were to copy when copying began; where that may be told.
    expected     bigint,
    -- When a walk through the whole span last came to its end.
    walked_at    timestamptz,
    CHECK (since < until),
    CHECK (by_plate OR cardinality(cameras) > 0)
);

ALTER TABLE held_reads DROP CONSTRAINT held_reads_pkey;
ALTER TABLE held_reads ADD PRIMARY KEY (hold_id, read_id);

-- Which limit was in force, from when on, and who decided it.
CREATE TABLE retention_changes (
    record_id      bigint PRIMARY KEY REFERENCES log,
    changed_at     timestamptz NOT NULL,
    before_minutes bigint,
    after_minutes  bigint NOT NULL,
    because        text NOT NULL,
    statute        text NOT NULL,
    decided_by     text NOT NULL,
    decided_on     date
);

GRANT SELECT, INSERT, UPDATE ON hold_papers, hold_spans TO @schema@_desk;
GRANT SELECT, INSERT ON retention_changes TO @schema@_desk;
-- A span is copied by those of its reads that are not copied yet: no plate, no time.
GRANT SELECT (hold_id, read_id) ON held_reads TO @schema@_search;
