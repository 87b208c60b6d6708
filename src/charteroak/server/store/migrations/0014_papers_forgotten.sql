-- Papers are kept for a term and then forgotten. What they were and their SHA-256 stay,
-- so that the log's records about them can still be proved.
ALTER TABLE papers
    ALTER COLUMN sealed DROP NOT NULL,
    ADD COLUMN deleted_at timestamptz,
    ADD CHECK ((sealed IS NULL) = (deleted_at IS NOT NULL));

-- Since when nothing stands on a paper: its request was answered or refused, or its
-- declaration has ended. As long as a request waits for somebody: for ever. Whoever
-- deletes papers sees this, and nothing of requests and declarations.
CREATE VIEW paper_ends AS
SELECT p.paper_id,
       greatest(
           p.kept_at,
           (SELECT max(CASE WHEN q.stage IN ('waiting', 'approved') THEN 'infinity'
                            ELSE coalesce(q.closed_at, 'infinity') END)
              FROM disclosure_papers AS w
              JOIN disclosures AS q ON q.number = w.number
             WHERE w.paper_id = p.paper_id),
           (SELECT max(least(g.ends_at, g.withdrawn_at))
              FROM declarations AS g
             WHERE g.paper_id = p.paper_id)) AS ended_at
  FROM papers AS p;
GRANT SELECT ON paper_ends TO @schema@_desk, @schema@_purge;

-- What was taken out of a row lies in the table's file until it is written anew.
CREATE FUNCTION rewrite_papers() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $body$
BEGIN
    ALTER TABLE papers ALTER COLUMN kind TYPE text USING kind || '';
END
$body$;
REVOKE ALL ON FUNCTION rewrite_papers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rewrite_papers() TO @schema@_purge;

GRANT SELECT (paper_id, kind, deleted_at), UPDATE (sealed, deleted_at)
   ON papers TO @schema@_purge;
