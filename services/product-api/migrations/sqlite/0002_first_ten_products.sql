INSERT INTO products (id, name, description, price_cents, category, stock) VALUES
    (1, 'Brass Sextant', 'Measures the height of a star above the horizon.', 18900, 'Navigation', 12),
    (2, 'Dry-Card Compass', 'Ninety millimetres, with a lid that closes tightly.', 6450, 'Navigation', 40),
    (3, 'Chart of the North Sea', 'Waterproof paper, soundings in metres.', 2495, 'Navigation', 150),
    (4, 'Storm Lantern', 'Burns for twenty hours and stays lit in a gale.', 3999, 'Deck', 75),
    (5, 'Mooring Rope', 'Twenty metres of three-strand polyamide.', 5800, 'Deck', 60),
    (6, 'Signal Flags', 'The forty flags of the international code, in a roll.', 12000, 'Deck', 18),
    (7, 'Oilskin Jacket', 'Keeps out rain and spray; taped seams.', 14950, 'Clothing', 33),
    (8, 'Watch Cap', 'Knitted wool, one size.', 1999, 'Clothing', 210),
    (9, 'Ship''s Biscuit', 'Half a kilogram. Keeps for years, and tastes like it.', 349, 'Galley', 500),
    (10, 'Enamel Mug', 'Holds a third of a litre and survives every fall.', 895, 'Galley', 320);
