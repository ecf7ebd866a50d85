-- product-api 1.4.0: contract, when no pod of a version is left that asks for `category`.
BEGIN;
DROP TRIGGER section_is_category ON public.products;
DROP FUNCTION public.section_is_category();
-- The index goes with its column.
ALTER TABLE public.products DROP COLUMN category;
CREATE INDEX products_by_section ON public.products (section, id);
COMMIT;
