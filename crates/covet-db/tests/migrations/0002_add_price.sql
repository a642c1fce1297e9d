ALTER TABLE books ADD COLUMN price INTEGER NOT NULL DEFAULT 0;
CREATE INDEX books_by_price ON books (price);
