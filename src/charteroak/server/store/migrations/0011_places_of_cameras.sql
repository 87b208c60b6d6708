-- What a camera looks at, what it is mounted on and whether the public is told where it
-- stands: what the rules decide by. A camera that stood before looks at a road.
ALTER TABLE cameras
  ADD COLUMN place    text NOT NULL DEFAULT 'road',
  ADD COLUMN mount    text NOT NULL DEFAULT 'fixed',
  ADD COLUMN location text NOT NULL DEFAULT 'published';

GRANT UPDATE (place, mount, location) ON cameras TO @schema@_desk;
