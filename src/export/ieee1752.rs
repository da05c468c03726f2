//! IEEE 1752.1 data points, one a line: `physical-activity` 1.0 for a whole day at home.
//!
//! A day is at most two points: "walking" with steps, moderate and vigorous minutes, and "brisk walking" with the
//! brisk minutes of own time. What is not known is left out, and a point with nothing in it is no point. A corrected day has new points with
//! new ids, as the standard asks; the newest by `source_creation_date_time` holds.
//! The header has no place for a person: study, participant, counter and program are `external_datasheets`.
//!
//! Source: IEEE 1752.1-2021 and its schemas, release 1.0.2.

use std::{
    borrow::Borrow,
    fmt::Write as _,
    io::{BufWriter, Write},
};

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use uuid::Uuid;

use super::{
    StudyDay,
    study_file::{Days, StudyFileError, Written},
    variables::stamp,
};
use crate::model::ParticipantId;

/// What the points say besides their days.
#[derive(Clone, Debug)]
pub struct PointsFile<'a> {
    /// The study.
    pub study: &'a ParticipantId,
    /// Beginning of the addresses that name study, participant, counter and program, such as
    /// `https://study.example.org/`. [`IRI_BASE`] where the study has none.
    pub iri_base: &'a str,
}

/// Beginning of addresses where a study has none of its own. They lead nowhere, and are the same everywhere.
pub const IRI_BASE: &str = "urn:brisk:";

/// Names of the activities: steps with moderate and vigorous minutes, and brisk minutes of own time.
pub const ACTIVITIES: [&str; 2] = ["walking", "brisk walking"];

/// Writes the points of days: each person's together, in order of their dates. The same days give the same bytes.
///
/// # Errors
/// When it cannot be written, or a day is out of place.
pub fn write<W: Write>(
    out: W,
    file: &PointsFile<'_>,
    days: impl IntoIterator<Item: Borrow<StudyDay>>,
) -> Result<Written, StudyFileError> {
    if !file.iri_base.contains(':') || file.iri_base.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let what =
            format!("{:?} is no beginning of an address: write one such as https://study.example.org/", file.iri_base);
        return Err(StudyFileError::Names(vec![what]));
    }
    let mut out = BufWriter::new(out);
    let mut taken = Days::of(file.study, String::new());
    for day in days {
        let day = day.borrow();
        taken.take(day)?;
        let points = points(file, day);
        if points.is_empty() {
            taken.written.days -= 1;
            taken.written.leave_out("days of which nothing is known");
        }
        for point in points {
            serde_json::to_writer(&mut out, &point).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
            taken.written.rows += 1;
        }
    }
    out.flush()?;
    Ok(taken.written)
}

#[derive(Serialize)]
struct Point {
    header: Header,
    body: Body,
}

#[derive(Serialize)]
struct Header {
    uuid: String,
    schema_id: SchemaId,
    source_creation_date_time: String,
    modality: &'static str,
    external_datasheets: Vec<Datasheet>,
}

#[derive(Serialize)]
struct SchemaId {
    namespace: &'static str,
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Datasheet {
    datasheet_type: &'static str,
    datasheet_reference: String,
}

#[derive(Serialize)]
struct Body {
    activity_name: &'static str,
    effective_time_frame: TimeFrame,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_movement_quantity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_moderate_activity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_vigorous_activity: Option<Quantity>,
    descriptive_statistic: &'static str,
}

#[derive(Serialize)]
struct TimeFrame {
    time_interval: Interval,
}

#[derive(Serialize)]
struct Interval {
    start_date_time: String,
    end_date_time: String,
}

#[derive(Serialize)]
struct Quantity {
    value: u32,
    unit: &'static str,
}

fn points(file: &PointsFile<'_>, day: &StudyDay) -> Vec<Point> {
    let minutes = |value: Option<u32>| value.map(|value| Quantity { value, unit: "min" });
    let body = |activity_name| Body {
        activity_name,
        effective_time_frame: TimeFrame {
            time_interval: Interval { start_date_time: local(day.start), end_date_time: local(day.end) },
        },
        base_movement_quantity: None,
        duration: None,
        duration_moderate_activity: None,
        duration_vigorous_activity: None,
        descriptive_statistic: "sum",
    };
    let walking = Body {
        base_movement_quantity: day.steps.map(|value| Quantity { value, unit: "steps" }),
        duration_moderate_activity: minutes(day.mod_min),
        duration_vigorous_activity: minutes(day.vig_min),
        ..body(ACTIVITIES[0])
    };
    let brisk = Body { duration: minutes(day.brisk_min), ..body(ACTIVITIES[1]) };
    let known = day.steps.or(day.mod_min).or(day.vig_min);
    let point = |body: Body| Point { header: header(file, day, body.activity_name), body };
    [known.map(|_| walking), day.brisk_min.map(|_| brisk)].into_iter().flatten().map(point).collect()
}

fn header(file: &PointsFile<'_>, day: &StudyDay, activity: &str) -> Header {
    let (study, person) = (day.study_id.as_str(), day.participant_id.as_str());
    let sheet = |datasheet_type, path: &[&str]| Datasheet {
        datasheet_type,
        datasheet_reference: path.iter().fold(file.iri_base.trim_end_matches('/').to_owned(), |mut iri, part| {
            if !iri.ends_with(':') {
                iri.push('/');
            }
            iri.push_str(&segment(part));
            iri
        }),
    };
    let counters = day.device_id.as_deref().into_iter().flat_map(|labels| labels.split(';'));
    let mut external_datasheets =
        vec![sheet("study", &["study", study]), sheet("participant", &["participant", study, person])];
    let labels = counters.filter(|label| !label.is_empty());
    external_datasheets.extend(labels.map(|label| sheet("hardware", &["device", study, label])));
    external_datasheets.push(sheet("software", &["software", &day.algo_version]));
    Header {
        uuid: id(day, activity).to_string(),
        schema_id: SchemaId { namespace: "ieee-1752", name: "physical-activity", version: "1.0" },
        source_creation_date_time: stamp(day.computed_at),
        modality: "sensed",
        external_datasheets,
    }
}

/// A point's id: of the day's key, the activity and the revision, and so the same however often it is written.
fn id(day: &StudyDay, activity: &str) -> Uuid {
    let ours = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:brisk:ieee-1752.1");
    Uuid::new_v5(&ours, format!("{}/{activity}/{}", day.key(), day.revision).as_bytes())
}

/// RFC 3339 with the offset in force.
fn local(at: DateTime<FixedOffset>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A text as one part of an address: all but unreserved characters as `%XX` (RFC 3986, 2.3).
fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a text cannot fail.
            out.write_fmt(format_args!("%{byte:02X}")).unwrap_or_default();
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stays_one_part_of_an_address() {
        assert_eq!(segment("SC-4F2A"), "SC-4F2A");
        assert_eq!(segment("a b/ü"), "a%20b%2F%C3%BC");
    }
}
