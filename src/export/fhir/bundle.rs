//! Days of one participant as a transaction: everything is found by its business identifier, so that the same bundle can
//! be sent again, and the same days make the same bytes.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::{
    codes::{self, Systems},
    resources::{
        Bundle, Coding, Component, Concept, Device, Entry, Goal, GoalTarget, Identifier, Meta, Observation, Patient,
        Period, Quantity, Reference, Request, Resource, Specialization,
    },
};
use crate::{
    export::{GoalVar, StudyDay},
    model::ParticipantId,
};

/// The most entries of a bundle.
pub const ENTRIES_AT_MOST: usize = 200;

/// So few entries are taken by servers that take little: Medplum's own limit for conditional requests.
pub(super) const FEW_ENTRIES: usize = 8;

/// What the study keeps at home of the goals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goals {
    /// They are sent, and every day says whether its goal was met, or why it does not say so.
    Sent,
    /// Nothing about goals leaves the house: who has one would tell the arm.
    KeptBack,
}

/// The most days whose bundle never has more than [`ENTRIES_AT_MOST`] entries: each day may bring a counter and a goal of
/// its own, beside its numbers.
pub fn days_at_most(goals: Goals) -> usize {
    let each = measures(goals).count() + 1 + usize::from(goals == Goals::Sent);
    (ENTRIES_AT_MOST - 1) / each
}

/// The transaction that puts these days of one participant in place. First the participant, the counters and the goals,
/// then the days in their order, each with its steps last: what comes in pieces is whole when its steps are there.
pub fn bundle(days: &[StudyDay], systems: &Systems, goals: Goals) -> Bundle {
    let Some(first) = days.first() else { return Bundle::transaction(Vec::new()) };
    let patient = patient(&first.study_id, &first.participant_id, systems);
    let subject = Reference { reference: patient.full_url.clone() };
    let mut entries = vec![patient];
    let devices: BTreeMap<&str, Entry> = days
        .iter()
        .filter_map(|day| day.device_id.as_deref())
        .map(|label| (label, device(&first.study_id, label, systems)))
        .collect();
    entries.extend(devices.values().cloned());
    if goals == Goals::Sent {
        // Of several days the newest that tells how much.
        let goals: BTreeMap<String, Entry> = days.iter().filter_map(|day| goal(day, &subject, systems)).collect();
        entries.extend(goals.into_values());
    }
    for day in days {
        let device = day.device_id.as_deref().map(|label| Reference { reference: devices[label].full_url.clone() });
        entries.extend(measures(goals).map(|measure| observation(day, measure, &subject, device.clone(), systems)));
    }
    Bundle::transaction(entries)
}

/// The same entries in bundles of at most `at_most`, in order, each with the participant and the counters that its others
/// refer to.
pub(super) fn pieces(bundle: &Bundle, at_most: usize) -> Vec<Bundle> {
    let (shared, others): (Vec<Entry>, Vec<Entry>) = bundle
        .entries
        .iter()
        .cloned()
        .partition(|entry| matches!(entry.resource, Resource::Patient(_) | Resource::Device(_)));
    let piece = |others: &[Entry]| Bundle::transaction(shared.iter().chain(others).cloned().collect());
    others.chunks(at_most.saturating_sub(shared.len()).max(1)).map(piece).collect()
}

/// Which entries of a bundle belong to a day, by the days' places.
pub(super) fn entries_of_day(entries: usize, days: usize, index: usize, goals: Goals) -> std::ops::Range<usize> {
    let each = measures(goals).count();
    let begin = entries.saturating_sub((days - index) * each);
    begin..begin + each
}

/// A number of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    BriskMin,
    ModMin,
    VigMin,
    WearMin,
    ValidDay,
    GoalMet,
    Steps,
}

/// The numbers of a day, in the order in which they are sent.
fn measures(goals: Goals) -> impl Iterator<Item = Measure> {
    use Measure::{BriskMin, GoalMet, ModMin, Steps, ValidDay, VigMin, WearMin};
    [BriskMin, ModMin, VigMin, WearMin, ValidDay, GoalMet, Steps]
        .into_iter()
        .filter(move |measure| *measure != GoalMet || goals == Goals::Sent)
}

impl Measure {
    /// The last part of the identifier, and the local code of all but the steps.
    fn code(self) -> &'static str {
        match self {
            Self::BriskMin => "brisk-min",
            Self::ModMin => "mod-min",
            Self::VigMin => "vig-min",
            Self::WearMin => "wear-min",
            Self::ValidDay => "valid-day",
            Self::GoalMet => "goal-met",
            Self::Steps => "steps",
        }
    }

    /// Standard code and what LOINC calls it. Those of minutes are of one bout by a questionnaire; they are there to be
    /// found, and the local code beside them says what is meant.
    fn loinc(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Steps => Some((STEPS, "Number of steps in 24 hour Measured")),
            Self::ModMin => Some(("77592-4", "Moderate physical activity [IPAQ]")),
            Self::VigMin => Some(("77593-2", "Vigorous physical activity [IPAQ]")),
            Self::BriskMin | Self::WearMin | Self::ValidDay | Self::GoalMet => None,
        }
    }
}

/// LOINC code of the steps of a day.
pub(super) const STEPS: &str = "41950-7";

/// The participant, made when there is none.
pub(super) fn patient(study: &ParticipantId, participant: &ParticipantId, systems: &Systems) -> Entry {
    let value = format!("{}/{}", study.as_str(), participant.as_str());
    let identifier = Identifier { system: systems.participant(), value };
    create(&identifier, Resource::Patient(Patient { identifier: vec![identifier.clone()] }))
}

fn device(study: &ParticipantId, label: &str, systems: &Systems) -> Entry {
    let identifier = Identifier { system: systems.device(), value: format!("{}/{label}", study.as_str()) };
    // The personal health device guide wants the maker's and the radio's address too, which stay at home: its profile
    // is not claimed.
    let kind = coded(codes::MDC, "65573", "MDC_MOC_VMS_MDS_SIMP");
    let system_type = coded(codes::MDC, "528484", "MDC_DEV_SPEC_PROFILE_STEP_COUNTER");
    let device =
        Device { identifier: vec![identifier.clone()], kind, specialization: vec![Specialization { system_type }] };
    update(&identifier, Resource::Device(device))
}

/// A goal is named by its own identifier for as long as it lasts. It says no achievement: that of its days stands beside
/// them, and that of its weeks is not in a day. A daily goal without an amount was paused, which changes nothing.
fn goal(day: &StudyDay, subject: &Reference, systems: &Systems) -> Option<(String, Entry)> {
    let (var, id) = (day.goal_var?, day.goal_id.as_deref()?);
    if day.goal_target.is_none() && !day.goal_is_weekly {
        return None;
    }
    let value = format!("{}/{}/goal/{id}", day.study_id.as_str(), day.participant_id.as_str());
    let identifier = Identifier { system: systems.goal(), value };
    let (unit, code) = match (var, day.goal_is_weekly) {
        (GoalVar::Steps, false) => ("steps per day", "/d"),
        (GoalVar::Steps, true) => ("steps per week", "/wk"),
        (_, false) => ("minutes per day", "min/d"),
        (_, true) => ("minutes per week", "min/wk"),
    };
    let target = day.goal_target.map(|amount| GoalTarget {
        measure: local(systems, &codes::of_goal(var)),
        detail_quantity: quantity(amount, unit, code),
    });
    let goal = Goal {
        identifier: vec![identifier.clone()],
        lifecycle_status: "active",
        category: vec![coded(codes::ACTIVITY, "PhysicalActivity", "Physical Activity")],
        description: Concept { coding: Vec::new(), text: Some(var.label().to_owned()) },
        subject: subject.clone(),
        target: target.into_iter().collect(),
    };
    Some((id.to_owned(), update(&identifier, Resource::Goal(goal))))
}

fn observation(
    day: &StudyDay,
    measure: Measure,
    subject: &Reference,
    device: Option<Reference>,
    systems: &Systems,
) -> Entry {
    let minutes = |minutes: Option<u32>| minutes.map(|minutes| quantity(minutes, "min", "min"));
    let (value_quantity, value_boolean) = match measure {
        Measure::Steps => (day.steps.map(|steps| quantity(steps, "steps per day", "/d")), None),
        Measure::BriskMin => (minutes(day.brisk_min), None),
        Measure::ModMin => (minutes(day.mod_min), None),
        Measure::VigMin => (minutes(day.vig_min), None),
        Measure::WearMin => (minutes(day.wear_min), None),
        Measure::ValidDay => (None, Some(day.valid_day)),
        Measure::GoalMet => (None, day.goal_met),
    };
    let known = value_quantity.is_some() || value_boolean.is_some();
    let loinc = measure.loinc().map(|(code, display)| coding(codes::LOINC, code, Some(display)));
    let own = if measure == Measure::Steps { Vec::new() } else { local(systems, measure.code()).coding };
    let worn = day.wear_min.filter(|_| measure == Measure::Steps && day.day_len_min > 0).map(|worn| {
        let permille = (u64::from(worn) * 1000 + u64::from(day.day_len_min) / 2) / u64::from(day.day_len_min);
        let percent = f64::from(u32::try_from(permille).unwrap_or(u32::MAX)) / 10.0;
        let value = serde_json::Number::from_f64(percent).expect("a quotient of whole numbers is finite");
        Component {
            code: coded(codes::ACTIVITY, "DeviceActivePercentage", "Device Active Percentage"),
            value_quantity: Quantity { value, unit: "%", system: codes::UCUM, code: "%" },
        }
    });
    let identifier = Identifier { system: systems.day(), value: format!("{}/{}", day.key(), measure.code()) };
    let observation = Observation {
        meta: Meta {
            profile: (measure == Measure::Steps).then_some(codes::TIME_MEASURE).into_iter().collect(),
            tag: vec![coding(&systems.revision(), &day.revision.to_string(), None)],
        },
        identifier: vec![identifier.clone()],
        status: status(day),
        category: vec![
            coded(codes::CATEGORY, "activity", "Activity"),
            coded(codes::ACTIVITY, "PhysicalActivity", "Physical Activity"),
        ],
        code: Concept { coding: loinc.into_iter().chain(own).collect(), text: None },
        subject: subject.clone(),
        effective_period: Period { start: day.start, end: day.end },
        issued: day.computed_at,
        value_quantity,
        value_boolean,
        data_absent_reason: (!known).then(|| absent(day, measure, systems)),
        method: Concept { coding: Vec::new(), text: Some(day.algo_version.clone()) },
        device,
        component: worn.into_iter().collect(),
    };
    update(&identifier, Resource::Observation(Box::new(observation)))
}

/// A day is `preliminary` until the study's closing window is over, in whatever revision, for it may still change by
/// itself. Then it is `final`, or `amended` when its numbers are not the first that were sent.
fn status(day: &StudyDay) -> &'static str {
    match (day.is_final, day.revision) {
        (false, _) => "preliminary",
        (true, ..=1) => "final",
        (true, _) => "amended",
    }
}

/// Why a number is not there: the nearest standard code, and the study's own reason beside it.
fn absent(day: &StudyDay, measure: Measure, systems: &Systems) -> Concept {
    if measure == Measure::GoalMet && (day.goal_var.is_none() || day.goal_is_weekly) {
        return Concept { coding: vec![coding(codes::ABSENT, "not-applicable", None)], text: None };
    }
    let own = day.missing_reason.map(|reason| local(systems, &codes::of_missing(reason)).coding).unwrap_or_default();
    let standard = coding(codes::ABSENT, codes::absent(day.missing_reason), None);
    Concept { coding: std::iter::once(standard).chain(own).collect(), text: None }
}

/// An entry that makes the resource when nothing has its identifier, and else leaves what is there.
pub(super) fn create(identifier: &Identifier, resource: Resource) -> Entry {
    let request = Request {
        method: "POST",
        url: resource.kind().to_owned(),
        if_none_exist: Some(format!("identifier={}", token(&identifier.system, &identifier.value))),
    };
    Entry { full_url: full_url(identifier), resource, request }
}

/// An entry that makes the resource, or replaces the one that has its identifier.
pub(super) fn update(identifier: &Identifier, resource: Resource) -> Entry {
    let url = format!("{}?identifier={}", resource.kind(), token(&identifier.system, &identifier.value));
    Entry { full_url: full_url(identifier), resource, request: Request { method: "PUT", url, if_none_exist: None } }
}

fn full_url(identifier: &Identifier) -> String {
    let name = format!("{}|{}", identifier.system, identifier.value);
    format!("urn:uuid:{}", Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()))
}

/// A value of a search by token: separators within a part are escaped as FHIR asks (search, 3.1.1.4.0.1), then the whole
/// as a URL asks.
pub(super) fn token(system: &str, value: &str) -> String {
    let escape = |part: &str| {
        part.chars().fold(String::new(), |mut text, c| {
            if matches!(c, '\\' | '|' | ',' | '$') {
                text.push('\\');
            }
            text.push(c);
            text
        })
    };
    utf8_percent_encode(&format!("{}|{}", escape(system), escape(value)), QUERY).to_string()
}

/// What stands as it is in a value of a query, beside letters and digits.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

fn quantity(value: u32, unit: &'static str, code: &'static str) -> Quantity {
    Quantity { value: value.into(), unit, system: codes::UCUM, code }
}

fn local(systems: &Systems, code: &str) -> Concept {
    Concept { coding: vec![coding(&systems.codes(), code, codes::display(code))], text: None }
}

fn coded(system: &str, code: &str, display: &'static str) -> Concept {
    Concept { coding: vec![coding(system, code, Some(display))], text: None }
}

fn coding(system: &str, code: &str, display: Option<&'static str>) -> Coding {
    Coding { system: system.to_owned(), code: code.to_owned(), display }
}
