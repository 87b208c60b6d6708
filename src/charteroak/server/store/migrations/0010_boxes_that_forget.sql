-- Boxes that keep hits alone: what each was told, what it says it does, and how many reads
-- it forgot in each hour. None of it names a car.
ALTER TABLE boxes ADD COLUMN told_mode text NOT NULL DEFAULT 'ordinary';
GRANT UPDATE (told_mode) ON boxes TO @schema@_ingest, @schema@_desk;

ALTER TABLE box_reports
  ADD COLUMN mode        text NOT NULL DEFAULT '',
  -- When the list that it compares with is over; NULL: it has none.
  ADD COLUMN list_until  timestamptz,
  -- Reads that waited when it was told to keep hits alone, and were destroyed; ever.
  ADD COLUMN destroyed   bigint NOT NULL DEFAULT 0,
  -- Whether its memory can reach its disk; NULL: it does not say.
  ADD COLUMN memory_safe boolean;

-- A count of a box in an hour only rises, until the box starts anew.
CREATE TABLE forgotten_counts (
    box_id     uuid NOT NULL REFERENCES boxes,
    boot_epoch bigint NOT NULL,
    camera_id  text NOT NULL REFERENCES cameras,
    hour       timestamptz NOT NULL,
    n          bigint NOT NULL,
    PRIMARY KEY (box_id, boot_epoch, camera_id, hour)
);
CREATE INDEX forgotten_counts_hour ON forgotten_counts (hour);

-- The highest number that a list for boxes was given: a box takes no list of a lower one.
CREATE TABLE box_list_number (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL
);
GRANT SELECT, INSERT ON box_list_number TO @schema@_ingest, @schema@_desk;
GRANT UPDATE (number) ON box_list_number TO @schema@_ingest, @schema@_desk;

GRANT SELECT, INSERT ON forgotten_counts TO @schema@_ingest;
GRANT UPDATE (n) ON forgotten_counts TO @schema@_ingest;
GRANT SELECT ON forgotten_counts TO @schema@_desk;
