-- What was ordered. Lines say what a book was called and cost then, and outlive it.
CREATE TABLE orders (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    placed_at DATETIME(6) NOT NULL,
    total BIGINT NOT NULL CHECK (total >= 0)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE order_lines (
    order_id BIGINT NOT NULL,
    book BIGINT NOT NULL,
    title VARCHAR(200) NOT NULL,
    price BIGINT NOT NULL,
    copies BIGINT NOT NULL CHECK (copies > 0),
    PRIMARY KEY (order_id, book),
    FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
