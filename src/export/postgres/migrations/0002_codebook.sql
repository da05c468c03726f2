-- What every column means, beside the column. An empty cell is unknown, never zero.
SET LOCAL ROLE brisk_owner;

COMMENT ON SCHEMA brisk IS 'Days of a study as Brisk sends them. An empty cell is unknown or not applicable, never zero.';
COMMENT ON TABLE brisk.daily_activity IS 'One row for each participant and calendar day, in its newest revision.';
COMMENT ON TABLE brisk.daily_activity_audit IS 'Every change of a day: what it was, what it is, who, when, why. Only grows.';
COMMENT ON TABLE brisk.participant_status IS 'Participants who left the study.';
COMMENT ON TABLE brisk.home IS 'Which role may send and ask about whom.';
COMMENT ON TABLE brisk.schema_version IS 'Migrations that were applied.';
COMMENT ON VIEW brisk.days IS 'The days with their status in words, the goal in percent, and withdrawals.';

COMMENT ON COLUMN brisk.daily_activity.study_id IS 'Pseudonym of the study';
COMMENT ON COLUMN brisk.daily_activity.participant_id IS 'The study''s pseudonym for the person';
COMMENT ON COLUMN brisk.daily_activity.local_date IS 'Calendar day at home; the study may have shifted dates';
COMMENT ON COLUMN brisk.daily_activity.study_day IS 'Days since the study''s epoch, which itself is day 1';
COMMENT ON COLUMN brisk.daily_activity.starts_at IS 'When the day began';
COMMENT ON COLUMN brisk.daily_activity.ends_at IS 'When the next day began';
COMMENT ON COLUMN brisk.daily_activity.tz_offset_min IS 'UTC offset at the start of the day, minutes';
COMMENT ON COLUMN brisk.daily_activity.day_len_min IS 'Minutes of the day: 1440, or 1380 or 1500 when the clock changed';
COMMENT ON COLUMN brisk.daily_activity.steps IS 'Steps of the day';
COMMENT ON COLUMN brisk.daily_activity.brisk_min IS 'Brisk minutes of the person''s own time';
COMMENT ON COLUMN brisk.daily_activity.mod_min IS 'Minutes at 100 steps/min or more that are not vigorous';
COMMENT ON COLUMN brisk.daily_activity.vig_min IS 'Minutes at 130 steps/min or more';
COMMENT ON COLUMN brisk.daily_activity.wear_min IS 'Minutes worn';
COMMENT ON COLUMN brisk.daily_activity.valid_day IS 'Whether the study''s wear rule holds; no for a day without data';
COMMENT ON COLUMN brisk.daily_activity.goal_var IS 'What the goal in force counts';
COMMENT ON COLUMN brisk.daily_activity.goal_id IS 'Which goal; a goal''s days have the same';
COMMENT ON COLUMN brisk.daily_activity.goal_is_weekly IS 'The goal is for the week: the day itself cannot meet it';
COMMENT ON COLUMN brisk.daily_activity.goal_target IS 'How much the goal asks, in the unit of goal_var';
COMMENT ON COLUMN brisk.daily_activity.goal_met IS 'Whether it was met; empty when that cannot be said';
COMMENT ON COLUMN brisk.daily_activity.goal_permille IS 'How much of it was done, tenths of a percent';
COMMENT ON COLUMN brisk.daily_activity.missing_reason IS 'Why there are no numbers';
COMMENT ON COLUMN brisk.daily_activity.device_id IS 'The study''s labels of the counters, joined by ;';
COMMENT ON COLUMN brisk.daily_activity.algo_version IS 'Program and rules that made the numbers';
COMMENT ON COLUMN brisk.daily_activity.revision IS '1 or more; one more whenever a value changed';
COMMENT ON COLUMN brisk.daily_activity.is_final IS 'The study''s closing window is over';
COMMENT ON COLUMN brisk.daily_activity.computed_at IS 'When this revision was computed';
COMMENT ON COLUMN brisk.daily_activity.payload_sha256 IS 'SHA-256 of every value as the home has it';
COMMENT ON COLUMN brisk.daily_activity.sent_by IS 'Role that sent this revision';
COMMENT ON COLUMN brisk.daily_activity.received_at IS 'When it arrived';
COMMENT ON COLUMN brisk.daily_activity.corrected_by IS 'Role that changed values of this revision by hand; empty for the home''s own';

COMMENT ON COLUMN brisk.daily_activity_audit.reason IS
  'first_sent, late_sync, device_swap, algorithm_update, manual_fix, window_closed, withdrawal, or a person''s words';
COMMENT ON COLUMN brisk.daily_activity_audit.numbers_removed_at IS
  'When a withdrawal took the numbers out of this row; that the day was there stays';

INSERT INTO brisk.schema_version (version) VALUES (2);
RESET ROLE;
