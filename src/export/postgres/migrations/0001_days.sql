-- Schema `brisk`: days of a study, an audit trail that only grows, and who may send what.
-- Whoever runs this may create roles and schemas. Homes never see a table: they call four functions.

-- Roles belong to the whole server: another database on it may have them already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'brisk_owner') THEN
    CREATE ROLE brisk_owner NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'brisk_home') THEN
    CREATE ROLE brisk_home NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'brisk_reader') THEN
    CREATE ROLE brisk_reader NOLOGIN;
  END IF;
  -- Also for who made the role: from PostgreSQL 16 on, that alone does not let them act as it.
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE pg_catalog.format('GRANT brisk_owner TO %I', current_user);
  END IF;
END
$$;
CREATE SCHEMA brisk AUTHORIZATION brisk_owner;
-- Functions run with the rights of their owner, which must therefore not be a superuser.
SET LOCAL ROLE brisk_owner;

CREATE TABLE brisk.schema_version (
  version integer PRIMARY KEY CHECK (version >= 1),
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by name NOT NULL DEFAULT session_user);

CREATE TABLE brisk.home (
  home_role name NOT NULL,
  study_id text NOT NULL CHECK (study_id ~ '^[A-Za-z0-9_-]{1,32}$'),
  participant_id text CHECK (participant_id ~ '^[A-Za-z0-9_-]{1,32}$'));
CREATE UNIQUE INDEX home_once ON brisk.home (home_role, study_id, coalesce(participant_id, ''));

CREATE TABLE brisk.daily_activity (
  study_id text NOT NULL CHECK (study_id ~ '^[A-Za-z0-9_-]{1,32}$'),
  participant_id text NOT NULL CHECK (participant_id ~ '^[A-Za-z0-9_-]{1,32}$'),
  local_date date NOT NULL,
  study_day integer NOT NULL CHECK (study_day BETWEEN 1 AND 65535),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  tz_offset_min smallint NOT NULL CHECK (tz_offset_min BETWEEN -840 AND 840),
  day_len_min integer NOT NULL CHECK (day_len_min BETWEEN 1 AND 3000),
  steps integer CHECK (steps >= 0),
  brisk_min integer CONSTRAINT brisk_min_fits_the_day CHECK (brisk_min BETWEEN 0 AND day_len_min),
  mod_min integer CONSTRAINT mod_min_fits_the_day CHECK (mod_min BETWEEN 0 AND day_len_min),
  vig_min integer CONSTRAINT vig_min_fits_the_day CHECK (vig_min BETWEEN 0 AND day_len_min),
  wear_min integer CONSTRAINT wear_min_fits_the_day CHECK (wear_min BETWEEN 0 AND day_len_min),
  valid_day boolean NOT NULL,
  goal_var text CHECK (goal_var IN ('leisure_brisk_min', 'steps', 'mod_min', 'brisk_min', 'bout_min', 'leisure_min',
    'diary_min')),
  goal_id text CHECK (length(goal_id) <= 200),
  goal_is_weekly boolean NOT NULL,
  goal_target integer CHECK (goal_target >= 0),
  goal_met boolean,
  goal_permille bigint CHECK (goal_permille >= 0),
  missing_reason text CHECK (missing_reason IN ('device_not_worn', 'device_lost', 'not_synced', 'withdrawn',
    'technical')),
  device_id text CHECK (length(device_id) <= 200),
  algo_version text NOT NULL CHECK (length(algo_version) BETWEEN 1 AND 200),
  revision bigint NOT NULL CHECK (revision BETWEEN 1 AND 4294967295),
  is_final boolean NOT NULL,
  computed_at timestamptz NOT NULL,
  payload_sha256 bytea NOT NULL CHECK (octet_length(payload_sha256) = 32),
  sent_by name NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  corrected_by name,
  PRIMARY KEY (study_id, participant_id, local_date),
  CONSTRAINT length_is_of_the_day CHECK (ends_at - starts_at = make_interval(mins => day_len_min)),
  CONSTRAINT intensities_fit_the_day CHECK (mod_min + vig_min <= day_len_min),
  CONSTRAINT no_goal_no_numbers CHECK (goal_var IS NOT NULL OR
    num_nonnulls(goal_id, goal_target, goal_met, goal_permille) = 0 AND NOT goal_is_weekly));

CREATE TABLE brisk.daily_activity_audit (
  audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  study_id text NOT NULL,
  participant_id text NOT NULL,
  local_date date NOT NULL,
  what text NOT NULL CHECK (what IN ('insert', 'update', 'delete')),
  revision bigint,
  is_final boolean,
  old_row jsonb,
  new_row jsonb,
  who name NOT NULL DEFAULT session_user,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  numbers_removed_at timestamptz);
CREATE INDEX audit_of_a_day ON brisk.daily_activity_audit (study_id, participant_id, local_date);

CREATE TABLE brisk.participant_status (
  study_id text NOT NULL,
  participant_id text NOT NULL,
  withdrawn_on date NOT NULL,
  study_day integer NOT NULL,
  tz_offset_min smallint NOT NULL,
  days_taken_out boolean NOT NULL,
  told_by name NOT NULL DEFAULT session_user,
  told_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (study_id, participant_id));

-- Every change of a day leaves a row. A change without a reason is refused.
CREATE FUNCTION brisk.audit_day() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  why text := nullif(current_setting('brisk.reason', true), '');
BEGIN
  IF why IS NULL THEN
    RAISE EXCEPTION 'a day is not changed without a reason: SET LOCAL brisk.reason = ''…'' in the same transaction'
      USING ERRCODE = 'BR003';
  END IF;
  IF TG_OP = 'UPDATE' AND (old.study_id, old.participant_id, old.local_date)
    IS DISTINCT FROM (new.study_id, new.participant_id, new.local_date) THEN
    RAISE EXCEPTION 'a day keeps its study, participant and date: delete it and insert another' USING ERRCODE = 'BR003';
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO brisk.daily_activity_audit
      (study_id, participant_id, local_date, what, revision, is_final, old_row, reason)
    VALUES (old.study_id, old.participant_id, old.local_date, 'delete', old.revision, old.is_final, to_jsonb(old), why);
  ELSE
    INSERT INTO brisk.daily_activity_audit
      (study_id, participant_id, local_date, what, revision, is_final, old_row, new_row, reason)
    VALUES (new.study_id, new.participant_id, new.local_date, lower(TG_OP), new.revision, new.is_final,
      CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(old) END, to_jsonb(new), why);
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON brisk.daily_activity
  FOR EACH ROW EXECUTE FUNCTION brisk.audit_day();

-- Whose hand a value is from, so that the home's same revision is not taken for another home's.
CREATE FUNCTION brisk.note_correction() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF coalesce(current_setting('brisk.putting', true), '') <> 'yes' THEN
    new.corrected_by := session_user;
  END IF;
  RETURN new;
END
$$;
CREATE TRIGGER correction_noted BEFORE UPDATE ON brisk.daily_activity
  FOR EACH ROW EXECUTE FUNCTION brisk.note_correction();

-- What was written down stays. The one change let through takes numbers out and says when.
CREATE FUNCTION brisk.only_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'daily_activity_audit' THEN
    IF new.old_row IS NULL AND new.new_row IS NULL AND new.numbers_removed_at IS NOT NULL
      AND to_jsonb(new) - ARRAY['old_row', 'new_row', 'numbers_removed_at']
        = to_jsonb(old) - ARRAY['old_row', 'new_row', 'numbers_removed_at'] THEN
      RETURN new;
    END IF;
  END IF;
  RAISE EXCEPTION '% of % is not allowed: it only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'BR003';
END
$$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON brisk.daily_activity_audit
  FOR EACH ROW EXECUTE FUNCTION brisk.only_grows();
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON brisk.daily_activity_audit
  FOR EACH STATEMENT EXECUTE FUNCTION brisk.only_grows();
-- Emptying leaves no audit rows.
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON brisk.daily_activity
  FOR EACH STATEMENT EXECUTE FUNCTION brisk.only_grows();

-- Whether the role that logged in may write about this participant. `session_user`, because a function that runs with
-- its owner's rights is not told of the caller otherwise.
CREATE FUNCTION brisk.demand_grant(study text, participant text) RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM brisk.home h WHERE h.home_role = session_user AND h.study_id = study
    AND (h.participant_id IS NULL OR h.participant_id = participant)) THEN
    RAISE EXCEPTION 'role % may not write about this participant of study %', session_user, study
      USING ERRCODE = 'BR001';
  END IF;
END
$$;

-- One outcome for each day:
-- stored      it is there now
-- same        it was there already
-- newer       a newer revision is there, or the same one marked final, or corrected by hand
-- conflict    the same revision is there with other values, sent by the same role
-- two_homes   the same revision is there with other values, sent by another role
-- taken_out   the participant's days were taken out; none is stored any more
CREATE FUNCTION brisk.put_days(days jsonb) RETURNS TABLE (outcome_of date, outcome text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  sent jsonb;
  fresh brisk.daily_activity;
  kept brisk.daily_activity;
  extra text;
BEGIN
  FOR sent IN SELECT value FROM jsonb_array_elements(days) LOOP
    fresh := jsonb_populate_record(NULL::brisk.daily_activity, sent);
    PERFORM brisk.demand_grant(fresh.study_id, fresh.participant_id);
    SELECT k INTO extra FROM jsonb_object_keys(sent) k WHERE NOT to_jsonb(fresh) ? k LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'there is no place for %', extra USING ERRCODE = 'BR002';
    END IF;
    fresh.sent_by := session_user;
    fresh.received_at := now();
    fresh.corrected_by := NULL;
    outcome_of := fresh.local_date;

    -- A day must not come in while the participant's days are being taken out.
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(fresh.study_id || '/' || fresh.participant_id, 20260101));
    IF EXISTS (SELECT FROM brisk.participant_status s WHERE s.study_id = fresh.study_id
      AND s.participant_id = fresh.participant_id AND s.days_taken_out) THEN
      outcome := 'taken_out';
      RETURN NEXT;
      CONTINUE;
    END IF;

    PERFORM set_config('brisk.reason', 'first_sent', true);
    INSERT INTO brisk.daily_activity SELECT (fresh).* ON CONFLICT DO NOTHING;
    IF FOUND THEN
      outcome := 'stored';
    ELSE
      SELECT * INTO STRICT kept FROM brisk.daily_activity d WHERE (d.study_id, d.participant_id, d.local_date)
        = (fresh.study_id, fresh.participant_id, fresh.local_date) FOR UPDATE;
      IF fresh.revision < kept.revision THEN
        outcome := 'newer';
      ELSIF fresh.revision > kept.revision THEN
        outcome := 'stored';
        PERFORM set_config('brisk.reason', CASE
          WHEN kept.is_final THEN 'manual_fix'
          WHEN fresh.algo_version <> kept.algo_version THEN 'algorithm_update'
          WHEN fresh.device_id <> kept.device_id THEN 'device_swap'
          ELSE 'late_sync' END, true);
      ELSIF kept.corrected_by IS NOT NULL THEN
        -- The hand's values stay until the home has a higher revision.
        outcome := CASE WHEN fresh.is_final AND NOT kept.is_final THEN 'stored' ELSE 'newer' END;
        kept.is_final := true;
        kept.payload_sha256 := fresh.payload_sha256;
        fresh := kept;
        PERFORM set_config('brisk.reason', 'window_closed', true);
      ELSIF to_jsonb(fresh) - ARRAY['is_final', 'payload_sha256', 'sent_by', 'received_at']
        <> to_jsonb(kept) - ARRAY['is_final', 'payload_sha256', 'sent_by', 'received_at'] THEN
        outcome := CASE WHEN kept.sent_by = session_user THEN 'conflict' ELSE 'two_homes' END;
      ELSIF fresh.is_final = kept.is_final THEN
        outcome := 'same';
      ELSIF kept.is_final THEN
        outcome := 'newer';
      ELSE
        outcome := 'stored';
        PERFORM set_config('brisk.reason', 'window_closed', true);
      END IF;
      IF outcome = 'stored' THEN
        PERFORM set_config('brisk.putting', 'yes', true);
        UPDATE brisk.daily_activity d SET
          (study_day, starts_at, ends_at, tz_offset_min, day_len_min, steps, brisk_min, mod_min, vig_min, wear_min,
           valid_day, goal_var, goal_id, goal_is_weekly, goal_target, goal_met, goal_permille, missing_reason,
           device_id, algo_version, revision, is_final, computed_at, payload_sha256, sent_by, received_at,
           corrected_by)
          = (fresh.study_day, fresh.starts_at, fresh.ends_at, fresh.tz_offset_min, fresh.day_len_min, fresh.steps,
           fresh.brisk_min, fresh.mod_min, fresh.vig_min, fresh.wear_min, fresh.valid_day, fresh.goal_var,
           fresh.goal_id, fresh.goal_is_weekly, fresh.goal_target, fresh.goal_met, fresh.goal_permille,
           fresh.missing_reason, fresh.device_id, fresh.algo_version, fresh.revision, fresh.is_final,
           fresh.computed_at, fresh.payload_sha256, fresh.sent_by, fresh.received_at, fresh.corrected_by)
        WHERE (d.study_id, d.participant_id, d.local_date)
          = (fresh.study_id, fresh.participant_id, fresh.local_date);
        PERFORM set_config('brisk.putting', '', true);
      END IF;
    END IF;
    -- So that nothing else in this transaction borrows the reason.
    PERFORM set_config('brisk.reason', '', true);
    RETURN NEXT;
  END LOOP;
END
$$;

CREATE FUNCTION brisk.held(study text, participant text)
RETURNS TABLE (local_date date, revision bigint, is_final boolean) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM brisk.demand_grant(study, participant);
  RETURN QUERY SELECT d.local_date, d.revision, d.is_final FROM brisk.daily_activity d
    WHERE d.study_id = study AND d.participant_id = participant ORDER BY d.local_date;
END
$$;

-- How many days were taken out.
CREATE FUNCTION brisk.withdraw(study text, participant text, on_day date, study_day integer, tz_offset_min integer,
  take_out boolean) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  removed bigint := 0;
BEGIN
  PERFORM brisk.demand_grant(study, participant);
  PERFORM pg_advisory_xact_lock(hashtextextended(study || '/' || participant, 20260101));
  INSERT INTO brisk.participant_status AS s
    (study_id, participant_id, withdrawn_on, study_day, tz_offset_min, days_taken_out)
  VALUES (study, participant, on_day, withdraw.study_day, withdraw.tz_offset_min, take_out)
  ON CONFLICT ON CONSTRAINT participant_status_pkey DO UPDATE
    SET withdrawn_on = excluded.withdrawn_on, study_day = excluded.study_day, tz_offset_min = excluded.tz_offset_min,
      days_taken_out = s.days_taken_out OR excluded.days_taken_out, told_by = excluded.told_by, told_at = excluded.told_at
    WHERE (s.withdrawn_on, s.study_day, s.tz_offset_min, s.days_taken_out) IS DISTINCT FROM
      (excluded.withdrawn_on, excluded.study_day, excluded.tz_offset_min, s.days_taken_out OR excluded.days_taken_out);
  IF take_out THEN
    PERFORM set_config('brisk.reason', 'withdrawal', true);
    DELETE FROM brisk.daily_activity d WHERE d.study_id = study AND d.participant_id = participant;
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('brisk.reason', '', true);
    UPDATE brisk.daily_activity_audit a SET old_row = NULL, new_row = NULL, numbers_removed_at = now()
      WHERE a.study_id = study AND a.participant_id = participant AND num_nonnulls(a.old_row, a.new_row) > 0;
  END IF;
  RETURN removed;
END
$$;

-- What a home asks before it sends: how far the migrations went, and how many rows of brisk.home are about it.
CREATE FUNCTION brisk.state() RETURNS TABLE (version integer, grants bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (SELECT max(v.version) FROM brisk.schema_version v),
    (SELECT count(*) FROM brisk.home h WHERE h.home_role = session_user)
$$;

-- What people read: the same days with their status in words, percentages and withdrawals.
CREATE VIEW brisk.days AS
  SELECT d.*, CASE WHEN d.is_final THEN 'final' ELSE 'provisional' END AS status,
    d.goal_permille / 10.0 AS goal_pct, s.withdrawn_on
  FROM brisk.daily_activity d LEFT JOIN brisk.participant_status s USING (study_id, participant_id);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA brisk FROM PUBLIC;
GRANT USAGE ON SCHEMA brisk TO brisk_home, brisk_reader;
GRANT EXECUTE ON FUNCTION brisk.put_days(jsonb), brisk.held(text, text), brisk.state(),
  brisk.withdraw(text, text, date, integer, integer, boolean) TO brisk_home;
GRANT SELECT ON brisk.days, brisk.daily_activity, brisk.daily_activity_audit, brisk.participant_status,
  brisk.schema_version TO brisk_reader;

INSERT INTO brisk.schema_version (version) VALUES (1);
RESET ROLE;
