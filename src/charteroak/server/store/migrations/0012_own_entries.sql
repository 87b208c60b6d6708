-- Plates on a list of the agency's own need a second person. Which plates somebody asks
-- for stands in the log's private part and not here: whoever decides reads it there, by
-- its number, and what is not approved never stood in any table.
CREATE TABLE entry_wishes (
    record_id  bigint PRIMARY KEY REFERENCES log,
    asked_by   uuid NOT NULL,
    asked_at   timestamptz NOT NULL,
    purpose    text NOT NULL,
    by_hand    boolean NOT NULL,
    entries    integer NOT NULL,
    expires_at timestamptz NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    approved   boolean,
    -- When it was written down that nobody had decided in time.
    lapsed_at  timestamptz,
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK ((decided_by IS NULL) = (approved IS NULL)),
    CHECK (decided_by IS NULL OR lapsed_at IS NULL),
    -- Nobody is their own second person.
    CHECK (decided_by IS DISTINCT FROM asked_by OR decided_by IS NULL)
);

-- Who asked for which plate, by a keyed digest alone, for three months: so that a plate
-- that was rejected does not come back on a list that needs no second person.
CREATE TABLE entries_asked (
    record_id    bigint NOT NULL REFERENCES log,
    person_id    uuid NOT NULL,
    asked_at     timestamptz NOT NULL,
    plate_digest bytea NOT NULL,
    rejected     boolean NOT NULL,
    PRIMARY KEY (record_id, plate_digest)
);
CREATE INDEX entries_asked_plate ON entries_asked (plate_digest, person_id);

-- Who stands behind an entry of the agency's own. A list of its own that was loaded
-- before has nobody's approval: its entries match nothing, see `store.hotlists`.
ALTER TABLE hotlist_entries
    ADD COLUMN purpose      text,
    ADD COLUMN asked_record bigint,
    ADD COLUMN asked_by     uuid,
    ADD COLUMN approved_by  uuid,
    ADD CHECK ((asked_by IS NULL) = (approved_by IS NULL)),
    ADD CHECK (approved_by IS DISTINCT FROM asked_by OR approved_by IS NULL);

GRANT SELECT, INSERT, UPDATE ON entry_wishes TO @schema@_desk;
GRANT SELECT, INSERT ON entries_asked TO @schema@_desk;
GRANT UPDATE (rejected) ON entries_asked TO @schema@_desk;
GRANT SELECT, DELETE ON entry_wishes, entries_asked TO @schema@_purge;
