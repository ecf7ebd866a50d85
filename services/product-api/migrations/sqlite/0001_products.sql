CREATE TABLE products (
    -- AUTOINCREMENT never gives an id again, also not that of the last product after it was deleted.
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    -- Money is counted in cents: an integer is exact.
    price_cents INTEGER NOT NULL CHECK (price_cents > 0),
    category    TEXT    NOT NULL,
    stock       INTEGER NOT NULL CHECK (stock >= 0),
    -- Counts the updates of a row: its ETag.
    version     INTEGER NOT NULL DEFAULT 1
);

-- A page of one category is one walk along this index, however many products there are.
CREATE INDEX products_by_category ON products (category, id);
