-- Searches that wait for a second person, what supervisors should look at, emergencies
-- that still need a case, and which plates and cases were searched, by digest alone.

-- What is searched for stands in the log's private part and not here: whoever decides
-- or opens such a search reads it there, by its number.
CREATE TABLE waiting_searches (
    record_id  bigint PRIMARY KEY REFERENCES log,
    asked_by   uuid NOT NULL,
    asked_at   timestamptz NOT NULL,
    purpose    text NOT NULL,
    note_rule  text NOT NULL,
    expires_at timestamptz NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    approved   boolean,
    opened_at  timestamptz,
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK ((decided_by IS NULL) = (approved IS NULL)),
    -- Nobody is their own second person.
    CHECK (decided_by IS DISTINCT FROM asked_by)
);
CREATE INDEX waiting_searches_asked_by ON waiting_searches (asked_by, asked_at);

-- Something a supervisor should look at. `topic` says what it is about, so that it is
-- not raised twice in a month; where that is a plate it is a keyed digest.
CREATE TABLE flags (
    flag_id    uuid PRIMARY KEY,
    kind       text NOT NULL,
    topic      text NOT NULL,
    about      uuid NOT NULL,
    record_id  bigint REFERENCES log,
    raised_at  timestamptz NOT NULL,
    times      integer NOT NULL,
    looked_by  uuid,
    looked_at  timestamptz,
    outcome    text,
    CHECK ((looked_by IS NULL) = (looked_at IS NULL)),
    CHECK ((looked_by IS NULL) = (outcome IS NULL)),
    -- Nobody clears what is about themselves.
    CHECK (looked_by IS DISTINCT FROM about)
);
CREATE INDEX flags_raised_at ON flags (raised_at);
CREATE INDEX flags_topic ON flags (kind, topic);

CREATE TABLE emergencies (
    reference   text PRIMARY KEY,
    opened_by   uuid NOT NULL,
    opened_at   timestamptz NOT NULL,
    purpose     text NOT NULL,
    bind_by     timestamptz NOT NULL,
    case_ref    text,
    bound_by    uuid,
    bound_at    timestamptz,
    reported_at timestamptz,
    CHECK ((case_ref IS NULL) = (bound_at IS NULL)),
    CHECK ((case_ref IS NULL) = (bound_by IS NULL))
);
CREATE INDEX emergencies_bind_by ON emergencies (bind_by);

CREATE TABLE searched (
    record_id    bigint PRIMARY KEY REFERENCES log,
    person_id    uuid NOT NULL,
    asked_at     timestamptz NOT NULL,
    case_ref     text NOT NULL,
    plate_digest bytea NOT NULL
);
CREATE INDEX searched_person_plate ON searched (person_id, plate_digest, asked_at);
CREATE INDEX searched_case ON searched (case_ref, asked_at);

GRANT SELECT, INSERT ON waiting_searches, flags, emergencies, searched
   TO @schema@_desk;
GRANT UPDATE (decided_by, decided_at, approved, opened_at) ON waiting_searches
   TO @schema@_desk;
GRANT UPDATE (looked_by, looked_at, outcome) ON flags TO @schema@_desk;
GRANT UPDATE (case_ref, bound_by, bound_at) ON emergencies TO @schema@_desk;

-- The worker reports what nobody bound to a case, and forgets what is old.
GRANT SELECT, INSERT ON flags TO @schema@_purge;
GRANT SELECT, UPDATE (reported_at) ON emergencies TO @schema@_purge;
GRANT SELECT, DELETE ON searched, waiting_searches TO @schema@_purge;
