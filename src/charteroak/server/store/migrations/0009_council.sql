-- The council's two public keys, the orders that were carried out, and the rules that were
-- in force: enough to say in words what a later edit changed.

-- Two slots, and nobody may empty one: whoever administers the server cannot put keys of
-- their own in the council's place.
CREATE TABLE council_keys (
    slot        smallint PRIMARY KEY CHECK (slot IN (1, 2)),
    name        text NOT NULL,
    public_key  bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    enrolled_at timestamptz NOT NULL,
    record_id   bigint NOT NULL REFERENCES log
);

-- A number is used once. `doubt`: nobody knows what the council ordered last, so all
-- stands still; it is the server's own entry and has no text.
CREATE TABLE council_orders (
    number     integer PRIMARY KEY CHECK (number > 0),
    step       text NOT NULL CHECK (step IN ('suspend', 'resume', 'doubt')),
    taken_at   timestamptz NOT NULL,
    reason     text NOT NULL,
    content    bytea NOT NULL,
    record_id  bigint NOT NULL REFERENCES log,
    CHECK ((step = 'doubt') = (octet_length(content) = 0))
);

CREATE TABLE rules_adopted (
    adopted_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    adopted_at  timestamptz NOT NULL,
    fingerprint text NOT NULL,
    texts       jsonb NOT NULL,
    record_id   bigint NOT NULL REFERENCES log
);

GRANT SELECT, INSERT ON council_keys, council_orders, rules_adopted TO @schema@_desk;
