-- The council's keys change hands by an order that two of them signed. The slots of
-- `council_keys` stay as they are: what follows them stands in the order, under its
-- signatures, and whoever can write here has none of those.
ALTER TABLE council_orders
    DROP CONSTRAINT council_orders_step_check,
    ADD CONSTRAINT council_orders_step_check
        CHECK (step IN ('suspend', 'resume', 'hand_over', 'doubt'));
