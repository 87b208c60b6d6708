-- Agencies that may ask for reads, their declarations, the papers that came with a
-- request, and the requests themselves.

-- Sealed under the agency's keys; the log holds the SHA-256 of the content.
CREATE TABLE papers (
    paper_id   uuid PRIMARY KEY,
    kind       text NOT NULL,
    media_type text NOT NULL,
    sha256     text NOT NULL,
    size       integer NOT NULL,
    kept_at    timestamptz NOT NULL,
    sealed     bytea NOT NULL
);

CREATE TABLE partners (
    partner_id   uuid PRIMARY KEY,
    name         text NOT NULL,
    kind         text NOT NULL,
    jurisdiction text NOT NULL,
    added_at     timestamptz NOT NULL,
    paused_at    timestamptz,
    UNIQUE (name, jurisdiction)
);

CREATE TABLE declarations (
    declaration_id uuid PRIMARY KEY,
    partner_id     uuid NOT NULL REFERENCES partners,
    signer         text NOT NULL,
    signed_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    pledges        text[] NOT NULL,
    withdrawn_at   timestamptz,
    registered_at  timestamptz NOT NULL,
    paper_id       uuid NOT NULL REFERENCES papers
);
CREATE INDEX declarations_partner_id ON declarations (partner_id);

-- What is asked for (the plate, the period, who asks) stands in the log's private part
-- and not here. A request goes by the number of the record that it was entered with.
CREATE TABLE disclosures (
    number        bigint PRIMARY KEY REFERENCES log,
    partner_id    uuid REFERENCES partners,
    purpose       text NOT NULL,
    data_kind     text NOT NULL,
    legal_process text,
    standing      text,
    stage         text NOT NULL,
    why           text,
    entered_by    uuid NOT NULL,
    entered_at    timestamptz NOT NULL,
    approved_by   uuid,
    approved_at   timestamptz,
    closed_at     timestamptz,
    reads         integer,
    -- An agency asks, or an owner does.
    CHECK ((partner_id IS NULL) <> (standing IS NULL)),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((stage = 'refused') = (why IS NOT NULL)),
    -- Two persons, or nothing leaves the house.
    CHECK (approved_by IS DISTINCT FROM entered_by),
    CHECK (stage NOT IN ('approved', 'answered') OR approved_by IS NOT NULL)
);
CREATE INDEX disclosures_partner_id ON disclosures (partner_id);

CREATE TABLE disclosure_papers (
    number   bigint NOT NULL REFERENCES disclosures,
    paper_id uuid NOT NULL REFERENCES papers,
    PRIMARY KEY (number, paper_id)
);

GRANT SELECT, INSERT ON papers, partners, declarations, disclosures, disclosure_papers
   TO @schema@_desk;
GRANT UPDATE (paused_at) ON partners TO @schema@_desk;
GRANT UPDATE (withdrawn_at) ON declarations TO @schema@_desk;
GRANT UPDATE (stage, why, approved_by, approved_at, closed_at, reads) ON disclosures
   TO @schema@_desk;

-- Which of the reads that were found hit a list, and nothing else of an alert.
GRANT SELECT (read_id, kept_from) ON alert_evidence TO @schema@_search;
