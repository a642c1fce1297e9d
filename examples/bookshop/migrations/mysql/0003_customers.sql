-- Who ordered: the subject of the credential. Orders from before are nobody's.
ALTER TABLE orders ADD COLUMN customer VARCHAR(255);

CREATE INDEX orders_by_customer ON orders (customer, id);

-- The order's place among the events, which it gets once it can be seen by everybody.
ALTER TABLE orders ADD COLUMN place BIGINT;

UPDATE orders SET place = id;

CREATE UNIQUE INDEX orders_by_place ON orders (place);

-- The form that ordered, so that one which is sent twice orders once.
ALTER TABLE orders ADD COLUMN form VARCHAR(255);

CREATE UNIQUE INDEX orders_by_form ON orders (form);

-- One row: the last place that was given. Who gives more locks it.
CREATE TABLE order_feed (last BIGINT NOT NULL);

INSERT INTO order_feed (last) SELECT coalesce(max(id), 0) FROM orders;

-- One row: whether the shop runs with a configuration file.
CREATE TABLE shop_mode (
    id INTEGER PRIMARY KEY,
    mode VARCHAR(20) NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
