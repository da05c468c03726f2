//! Rules by which a programme proposes the size of next week's goal (activity-science §11, users.md §5.3).
//!
//! Every rule proposes, and none decides: without a programme the rule is [`Rule::Fixed`], and a goal rises when the
//! person accepts that it does. The figures are ours and stand in the programme's file, where a study sets its own.

use serde::{Deserialize, Serialize};

use super::Measure;

/// How a proposal comes about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The amount stays until a person changes it.
    // With braces, so that keys beside it are refused as they are beside the others.
    Fixed {},
    /// After [`Pace::good_weeks`] weeks that went well under the goal in force: `percent` more, in whole units
    /// ([`unit`]), at least one unit.
    WeeklyPercent {
        /// How much more, percent.
        percent: u32,
        /// Percent of what, and added to what.
        of: PercentOf,
        /// The most that the amount rises at once, minutes or steps; none for no such limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<u32>,
    },
    /// For goals per day: sort what is known to have been done on the last `days` valid days and take the
    /// ⌈`percent` · `days` / 100⌉-th smallest, rounded down to whole units. With 9 days and 60 percent that is the
    /// sixth. Up and down; with fewer valid days the goal stays.
    Percentile {
        /// Number of valid days.
        days: u32,
        /// Which of them, percent.
        percent: u32,
    },
    /// For goals of minutes per day: the next row of a table, when as many weeks as the present row asks for went well
    /// under the goal in force. Rows are in order of minutes in the week. Where a row asks for more days than are
    /// planned, the first free weekdays from Monday on are added.
    TimeBuildUp {
        /// The table.
        rows: Vec<BuildUp>,
    },
    /// Graded activity. It starts at `start_percent` of the mean of at least `baseline_days` valid days, rounded down to
    /// whole units; then each step of `rise` comes after `every_weeks` whole weeks, planned beforehand and not led by
    /// how a week felt. Steps follow a goal that came from this rule; from any other it starts.
    Quota {
        /// Valid days that the mean needs.
        baseline_days: u32,
        /// Where it starts, percent of the mean.
        start_percent: u32,
        /// How much each step adds, minutes or steps.
        rise: u32,
        /// Weeks from one step to the next.
        every_weeks: u32,
    },
}

/// What a percentage is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PercentOf {
    /// Of the goal in force.
    Goal,
    /// Of what is known to have been done in the last week: per valid day for a goal per day (rounded down), in all for
    /// a goal per week. Nothing is proposed when that and its percent are not above the goal.
    Mean,
}

/// One row of [`Rule::TimeBuildUp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildUp {
    /// Minutes a day.
    pub minutes: u32,
    /// On how many days of the week.
    pub days: u32,
    /// Weeks that go well before the next row is proposed.
    pub weeks: u32,
}

/// Between which bounds every rule keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// A week went well when this much of its plan is known to be reached, percent: of the planned days, or of the
    /// amount of a goal per week.
    pub reached_percent: u32,
    /// So many weeks in a row go well before a percentage is added; paused and excused weeks are passed over.
    pub good_weeks: u32,
    /// Nothing rises after a week with fewer valid days.
    pub valid_days: u32,
    /// Nothing rises after a week in which less than this is known to be reached, percent; a week in which less than
    /// this can have been reached was a hard one.
    pub met_percent: u32,
    /// How much smaller the smaller size is, percent, in whole units, at least one unit.
    pub less_percent: u32,
    /// The smallest amount that is proposed; none for the smallest that is plausible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<u32>,
    /// The largest amount that is proposed; none for the largest that is plausible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<u32>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            reached_percent: 80,
            good_weeks: 2,
            valid_days: 4,
            met_percent: 50,
            less_percent: 20,
            floor: None,
            ceiling: None,
        }
    }
}

impl BuildUp {
    /// Minutes in the week.
    pub fn in_week(self) -> u64 {
        u64::from(self.minutes) * u64::from(self.days)
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::Fixed {}
    }
}

impl Rule {
    /// The name as it stands in a programme's file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fixed {} => "fixed",
            Self::WeeklyPercent { .. } => "weekly_percent",
            Self::Percentile { .. } => "percentile",
            Self::TimeBuildUp { .. } => "time_build_up",
            Self::Quota { .. } => "quota",
        }
    }

    /// Numbers that make no sense: the key within the rule, and what would fit.
    pub fn misfits(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut between = |key, value: u32, least: u32, most: u32| {
            if !(least..=most).contains(&value) {
                found.push((key, format!("between {least} and {most}, please")));
            }
        };
        match self {
            Self::Fixed {} => {}
            Self::WeeklyPercent { percent, at_most, .. } => {
                between("percent", *percent, 1, 50);
                between("at_most", at_most.unwrap_or(1), 1, 100_000);
            }
            Self::Percentile { days, percent } => {
                between("days", *days, 1, 28);
                between("percent", *percent, 1, 100);
            }
            Self::TimeBuildUp { rows } => {
                for row in rows {
                    between("rows", row.minutes, 1, 300);
                    between("rows", row.days, 1, 7);
                    between("rows", row.weeks, 1, 52);
                }
                if !rows.is_sorted_by(|a, b| a.in_week() < b.in_week()) || rows.is_empty() {
                    found.push(("rows", "write at least one row, each with more minutes in the week".to_owned()));
                }
            }
            Self::Quota { baseline_days, start_percent, rise, every_weeks } => {
                between("baseline_days", *baseline_days, 1, 28);
                between("start_percent", *start_percent, 1, 100);
                between("rise", *rise, 1, 10_000);
                between("every_weeks", *every_weeks, 1, 26);
            }
        }
        found
    }
}

impl Pace {
    /// Numbers that make no sense: the key, and what would fit.
    pub fn misfits(&self) -> Vec<(&'static str, String)> {
        let bounds = [
            ("reached_percent", self.reached_percent, 1, 100),
            ("good_weeks", self.good_weeks, 1, 8),
            ("valid_days", self.valid_days, 1, 7),
            ("met_percent", self.met_percent, 1, 100),
            ("less_percent", self.less_percent, 1, 90),
        ];
        let wrong = bounds.into_iter().filter(|(_, value, least, most)| !(*least..=*most).contains(value));
        let mut found: Vec<_> =
            wrong.map(|(key, _, least, most)| (key, format!("between {least} and {most}, please"))).collect();
        if self.met_percent > self.reached_percent {
            found.push(("met_percent", "at most `reached_percent`".to_owned()));
        }
        if self.floor.zip(self.ceiling).is_some_and(|(floor, ceiling)| floor > ceiling) {
            found.push(("floor", "at most `ceiling`".to_owned()));
        }
        found
    }
}

/// In what steps amounts are proposed: whole 100 steps, whole 5 minutes.
pub fn unit(measure: &Measure) -> u32 {
    if *measure == Measure::Steps { 100 } else { 5 }
}
