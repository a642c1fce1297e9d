-- What was ordered. Lines say what a book was called and cost then, and outlive it.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    placed_at TEXT NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 0)
);

CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    book INTEGER NOT NULL,
    title TEXT NOT NULL,
    price INTEGER NOT NULL,
    copies INTEGER NOT NULL CHECK (copies > 0),
    PRIMARY KEY (order_id, book)
);
