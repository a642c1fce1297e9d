-- The shelf. Prices are in cents.
CREATE TABLE books (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    published INTEGER NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    stock INTEGER NOT NULL CHECK (stock >= 0)
);

CREATE INDEX books_by_title ON books (title, id);
CREATE INDEX books_by_price ON books (price, id);
CREATE INDEX books_by_author ON books (author, id);
