-- product-api 1.3.0, wrong: the column is renamed in one step, before the rollout. The stable version, which still asks
-- for `category`, fails from this moment on, and aborting the rollout does not help it.
BEGIN;
ALTER TABLE public.products RENAME COLUMN category TO section;
-- What the new version sees: it connects with search_path=v2,public.
CREATE SCHEMA v2;
CREATE VIEW v2.products AS
  SELECT id, name, description, price_cents, section AS category, stock, version FROM public.products;
COMMIT;
