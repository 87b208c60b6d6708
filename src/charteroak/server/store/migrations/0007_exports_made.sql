-- What went to court: which package, for which case, to whom. It names no read and holds
-- no plate but what somebody wrote; the reads themselves are in the package alone.
CREATE TABLE exports (
    -- The question in the log; the package is named by it.
    record_id   bigint PRIMARY KEY REFERENCES log,
    case_ref    text NOT NULL,
    purpose     text NOT NULL,
    recipient   text NOT NULL,
    name        text NOT NULL,
    note        text NOT NULL,
    exported_by uuid NOT NULL,
    exported_at timestamptz NOT NULL,
    reads       integer NOT NULL,
    sha256      text NOT NULL
);
CREATE INDEX exports_case_ref ON exports (case_ref, exported_at);

GRANT SELECT, INSERT ON exports TO @schema@_desk;
