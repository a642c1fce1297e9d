-- Who ordered: the subject of the credential. Orders from before are nobody's.
ALTER TABLE orders ADD COLUMN customer TEXT;

CREATE INDEX orders_by_customer ON orders (customer, id);

-- The order's place among the events, which it gets once it can be seen by everybody.
ALTER TABLE orders ADD COLUMN place INTEGER;

UPDATE orders SET place = id;

CREATE UNIQUE INDEX orders_by_place ON orders (place);

-- The form that ordered, so that one which is sent twice orders once.
ALTER TABLE orders ADD COLUMN form TEXT;

CREATE UNIQUE INDEX orders_by_form ON orders (form);

-- One row: the last place that was given. Who gives more locks it.
CREATE TABLE order_feed (last INTEGER NOT NULL);

INSERT INTO order_feed (last) SELECT coalesce(max(id), 0) FROM orders;

-- One row: whether the shop runs with a configuration file.
CREATE TABLE shop_mode (
    id INTEGER PRIMARY KEY,
    mode TEXT NOT NULL
);
