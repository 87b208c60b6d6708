-- What each box said last of itself and of its cameras. One row each, replaced by the
-- next report: no history. Nothing in it is a read; `why` is a code.
CREATE TABLE box_reports (
    box_id           uuid PRIMARY KEY REFERENCES boxes,
    boot_epoch       bigint NOT NULL,
    number           bigint NOT NULL,
    reported_at      timestamptz NOT NULL,
    software         text NOT NULL,
    waiting          bigint NOT NULL,
    oldest_at        timestamptz,
    queue_bytes      bigint NOT NULL,
    lost             bigint NOT NULL,
    -- When `lost` was last seen to rise.
    lost_at          timestamptz,
    disk_free_bytes  bigint,
    disk_total_bytes bigint
);

CREATE TABLE camera_reports (
    box_id        uuid NOT NULL REFERENCES box_reports,
    camera_id     text NOT NULL REFERENCES cameras,
    gives_picture boolean NOT NULL,
    since         timestamptz NOT NULL,
    frames        bigint NOT NULL,
    fps           double precision NOT NULL,
    dropped       bigint NOT NULL,
    last_frame_at timestamptz,
    why           text NOT NULL,
    PRIMARY KEY (box_id, camera_id)
);

GRANT SELECT, INSERT, UPDATE ON box_reports TO @schema@_ingest;
GRANT SELECT, INSERT, DELETE ON camera_reports TO @schema@_ingest;
GRANT SELECT ON box_reports, camera_reports TO @schema@_desk;
