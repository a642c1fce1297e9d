DROP TABLE IF EXISTS world, big, bulk;
CREATE TABLE world (id int PRIMARY KEY, randomnumber int NOT NULL);
INSERT INTO world SELECT n, 1 + n * 7919 % 10000 FROM generate_series(1, 10000) AS n;
CREATE TABLE big (id int PRIMARY KEY, name text NOT NULL, price float8 NOT NULL, created timestamp NOT NULL, n int NOT NULL);
INSERT INTO big
    SELECT n, 'item name number ' || n, n * 0.25, timestamp '2024-01-01' + n * interval '1 second', n % 1000
    FROM generate_series(1, 100000) AS n;
CREATE TABLE bulk (id int NOT NULL, name text NOT NULL, price float8 NOT NULL, n int NOT NULL);
ANALYZE;
