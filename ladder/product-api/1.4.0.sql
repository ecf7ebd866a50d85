-- product-api 1.4.0, right: expand. The new column stands beside the old one, and a trigger keeps them equal, so that
-- both versions read and write for as long as the rollout takes. 1.4.0-contract.sql follows when no pod of the stable
-- version is left.
BEGIN;
ALTER TABLE public.products ADD COLUMN section TEXT;
UPDATE public.products SET section = category;
CREATE FUNCTION public.section_is_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Whichever of the two this writer knows of.
  IF TG_OP = 'INSERT' THEN
    NEW.section := COALESCE(NEW.section, NEW.category);
    NEW.category := NEW.section;
  ELSIF NEW.section IS DISTINCT FROM OLD.section THEN
    NEW.category := NEW.section;
  ELSE
    NEW.section := NEW.category;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER section_is_category BEFORE INSERT OR UPDATE ON public.products
  FOR EACH ROW EXECUTE FUNCTION public.section_is_category();
ALTER TABLE public.products ALTER COLUMN section SET NOT NULL;
-- What the new version sees: it connects with search_path=v2,public.
CREATE SCHEMA v2;
CREATE VIEW v2.products AS
  SELECT id, name, description, price_cents, section AS category, stock, version FROM public.products;
COMMIT;
