-- Whatever changes what a purchase is worth moves the programme's stamp, whoever writes it; compiled copies compare it.
CREATE OR REPLACE FUNCTION loyalty_move_stamp() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(coalesce(NEW, OLD));
    of_programme bigint := changed->>'programme_id';
BEGIN
    IF TG_TABLE_NAME = 'loyalty_ruleversion' THEN
        SELECT programme_id INTO of_programme FROM loyalty_rule WHERE id = (changed->>'rule_id')::bigint;
    ELSIF TG_TABLE_NAME = 'loyalty_benefit' THEN
        SELECT programme_id INTO of_programme FROM loyalty_tier WHERE id = (changed->>'tier_id')::bigint;
    END IF;
    UPDATE loyalty_programmeterms SET stamp = stamp + 1 WHERE programme_id = of_programme;
    IF TG_TABLE_NAME IN ('omnichannel_place', 'loyalty_tier') THEN
        UPDATE loyalty_voucherseries SET stamp = stamp WHERE programme_id = of_programme;  -- they say these names, too
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER rules_move_the_stamp AFTER INSERT OR UPDATE OR DELETE ON loyalty_rule
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_stamp();
CREATE OR REPLACE TRIGGER rule_versions_move_the_stamp AFTER INSERT OR UPDATE OR DELETE ON loyalty_ruleversion
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_stamp();
CREATE OR REPLACE TRIGGER tiers_move_the_stamp AFTER INSERT OR UPDATE OR DELETE ON loyalty_tier
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_stamp();
CREATE OR REPLACE TRIGGER ladders_move_the_stamp AFTER INSERT OR UPDATE OR DELETE ON loyalty_ladder
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_stamp();
CREATE OR REPLACE TRIGGER benefits_move_the_stamp AFTER INSERT OR UPDATE OR DELETE ON loyalty_benefit
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_stamp();

CREATE OR REPLACE TRIGGER places_move_the_stamp AFTER UPDATE ON omnichannel_place
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION loyalty_move_stamp();

CREATE OR REPLACE FUNCTION loyalty_move_own_stamp() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.stamp := OLD.stamp + 1;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER terms_move_their_stamp BEFORE UPDATE ON loyalty_programmeterms
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_own_stamp();
CREATE OR REPLACE TRIGGER series_move_their_stamp BEFORE UPDATE ON loyalty_voucherseries
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_own_stamp();
