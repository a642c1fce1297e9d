-- The shelf. Prices are in cents. Texts are compared by their characters' numbers, as on the other databases.
CREATE TABLE books (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    author VARCHAR(200) NOT NULL,
    published INTEGER NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    stock BIGINT NOT NULL CHECK (stock >= 0)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX books_by_title ON books (title, id);
CREATE INDEX books_by_price ON books (price, id);
CREATE INDEX books_by_author ON books (author, id);
