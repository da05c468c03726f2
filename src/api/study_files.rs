//! Study days as files for whoever runs a trial: made here, and put in place by whoever asked.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, NaiveDate, Utc};
use firmware_protocol::device;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET};
use crate::{
    delivery::{Gathered, Study, StudyError, Wanted},
    devices::home_label,
    export::{
        StudyFileError, Written,
        dataset_json::{self, Counter, DatasetFile, Shape},
        ieee1752::{self, IRI_BASE, PointsFile},
        odm::{self, OdmFile, Oids},
    },
    model::{ParticipantId, parse_device_id},
};

/// More names of earlier files than a folder has chains.
const MOST_EARLIER: usize = 10_000;

/// A format in which trials exchange days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StudyFormat {
    /// CDISC ODM-XML 1.3.2, one file.
    Odm,
    /// CDISC Dataset-JSON 1.1 as NDJSON: XA, SUPPXA and DI.
    DatasetJson,
    /// IEEE 1752.1 data points, one a line.
    Ieee1752,
}

/// Which days, and as what.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyFilesAsked {
    /// Format of the files.
    pub format: StudyFormat,
    /// Whose days; everybody's who takes part where it is not set.
    #[serde(default)]
    pub person: Option<ParticipantId>,
    /// First day, as it is dated at home.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Last day, as it is dated at home.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// `FileOID` of the newest earlier file of each chain that whoever asks knows of, 10,000 at most. ODM names the one of this
    /// study and home as `PriorFileOID`.
    #[serde(default)]
    pub earlier: Vec<String>,
    /// Say what the files would hold; their texts are empty.
    #[serde(default)]
    pub dry_run: bool,
}

/// Files, and what was left out of them.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StudyFilesReply {
    /// One or more; none when there is no day.
    pub files: Vec<StudyFileReply>,
    /// Rows, points or groups of values in all of them.
    pub rows: u64,
    /// Days in them.
    pub days: u64,
    /// People in them.
    pub participants: u64,
    /// First of the days, dated as in the files.
    pub from: Option<NaiveDate>,
    /// Last of the days, dated as in the files.
    pub to: Option<NaiveDate>,
    /// Days that were asked for and are not in them.
    pub left: LeftReply,
    /// What is good to know about them, one sentence each.
    pub notes: Vec<String>,
}

/// One file.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StudyFileReply {
    /// Its name: study, format or dataset, and when it was made.
    pub name: String,
    /// All of it.
    pub text: String,
    /// Its own name for itself; empty where the format has none.
    pub file_oid: String,
    /// `FileOID` of the file that it follows.
    pub prior: Option<String>,
    /// Rows, points or groups of values.
    pub rows: u64,
    /// First of its days.
    pub from: Option<NaiveDate>,
    /// Last of its days.
    pub to: Option<NaiveDate>,
}

/// Days that stay at home, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LeftReply {
    /// Under way, or just over.
    pub open: u64,
    /// From before the person joined.
    pub before_enrolment: u64,
    /// The study cannot number them.
    pub out_of_reach: u64,
    /// After the person left the study.
    #[serde(default)]
    pub after_leaving: u64,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(post_files))
}

/// Makes files of study days. That days left is noted, and from then on study and day 1 stay as they are.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/study/files", tag = CONTROL_SOCKET, request_body = StudyFilesAsked, responses((status = 200, description = "The files", body = StudyFilesReply), ErrorReply))]
pub async fn post_files(
    State(app): State<Arc<App>>,
    Json(asked): Json<StudyFilesAsked>,
) -> Result<Json<StudyFilesReply>, Problem> {
    blocking(app, move |app| files(app, &asked)).await
}

fn files(app: &App, asked: &StudyFilesAsked) -> Result<StudyFilesReply, Problem> {
    let now = app.trusted_now()?;
    if asked.earlier.len() > MOST_EARLIER {
        let text =
            format!("more than {MOST_EARLIER} earlier files were named; no file was made. Name the newest of each");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let study = app.deliveries.study().map_err(refused)?;
    study.begun(&app.store)?.map_err(|error| refused(&error))?;
    let wanted = Wanted { person: asked.person.as_ref(), from: asked.from, to: asked.to };
    let gathered = study.gather(&app.book, wanted, now)?.map_err(|error| refused(&error))?;
    let left = LeftReply {
        open: gathered.left.open,
        before_enrolment: gathered.left.before_enrolment,
        out_of_reach: gathered.left.out_of_reach,
        after_leaving: gathered.left.after_leaving,
    };
    let mut reply = StudyFilesReply {
        files: Vec::new(),
        rows: 0,
        days: 0,
        participants: 0,
        from: None,
        to: None,
        left,
        notes: Vec::new(),
    };
    if gathered.days.is_empty() {
        return Ok(reply);
    }
    // Whole seconds, as every stamp in a file has them.
    let created = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    let maker = Maker { app, study, gathered: &gathered, home: home_label(app.store.host_id()), created };
    for made in maker.make(asked)? {
        maker.add(made, &mut reply);
    }
    if study.shifts_dates() {
        reply.notes.push(
            "the dates in the files are moved, as `[study] shift_dates` asks; when the files were made is not, and that \
             tells about how far: give them only to whoever may know"
                .to_owned(),
        );
    }
    if asked.dry_run {
        reply.files.iter_mut().for_each(|file| file.text.clear());
    } else if reply.days > 0 {
        study.begin(&app.store, now)?.map_err(|error| refused(&error))?;
    }
    Ok(reply)
}

/// A file that was made.
struct Made {
    /// Part of its name: format or dataset.
    part: &'static str,
    extension: &'static str,
    prior: Option<String>,
    text: Vec<u8>,
    written: Written,
}

struct Maker<'a> {
    app: &'a App,
    study: &'a Study,
    gathered: &'a Gathered,
    home: ParticipantId,
    created: DateTime<Utc>,
}

impl Maker<'_> {
    fn make(&self, asked: &StudyFilesAsked) -> Result<Vec<Made>, Problem> {
        match asked.format {
            StudyFormat::Odm => self.odm(&asked.earlier),
            StudyFormat::DatasetJson => self.datasets(),
            StudyFormat::Ieee1752 => self.points(),
        }
    }

    fn odm(&self, earlier: &[String]) -> Result<Vec<Made>, Problem> {
        let chain = format!("brisk.{}.{}.ODM.", self.study.terms.study.as_str(), self.home.as_str());
        let prior = earlier.iter().rfind(|oid| {
            let stamp = oid.strip_prefix(&chain);
            stamp.is_some_and(|stamp| DateTime::parse_from_rfc3339(stamp).is_ok())
        });
        let oids = Oids::default();
        let file = OdmFile {
            terms: &self.study.terms,
            home: &self.home,
            created: self.created,
            prior: prior.map(String::as_str),
            oids: &oids,
        };
        let mut made = made("odm", "xml", |text| odm::write(text, &file, &self.gathered.days))?;
        made.prior = prior.cloned();
        Ok(vec![made])
    }

    fn datasets(&self) -> Result<Vec<Made>, Problem> {
        let file = DatasetFile {
            terms: &self.study.terms,
            home: &self.home,
            created: self.created,
            enrolled: &self.gathered.enrolled,
            epoch: None,
            final_only: false,
        };
        let (shape, days) = (Shape::NdJson, &self.gathered.days);
        let counters = self.counters()?;
        let extension = shape.extension();
        Ok(vec![
            made("xa", extension, |text| dataset_json::write_xa(text, shape, &file, days))?,
            made("suppxa", extension, |text| dataset_json::write_suppxa(text, shape, &file, days))?,
            made("di", extension, |text| dataset_json::write_di(text, shape, &file, &counters))?,
        ])
    }

    fn points(&self) -> Result<Vec<Made>, Problem> {
        let iri_base = self.app.config.target.iter().find_map(|target| target.system.as_deref()).unwrap_or(IRI_BASE);
        let file = PointsFile { study: &self.study.terms.study, iri_base };
        Ok(vec![made("ieee1752", "jsonl", |text| ieee1752::write(text, &file, &self.gathered.days))?])
    }

    /// What is known of the counters that made the days, each by its label.
    fn counters(&self) -> Result<Vec<Counter>, Problem> {
        let mut counters = Vec::new();
        for label in self.gathered.labels() {
            let bare = Counter { label: label.to_owned(), manufacturer: None, model: None, firmware: None };
            let of_label = self.study.counters().filter(|(_, one)| *one == label);
            let devices: Vec<_> = of_label.filter_map(|(device, _)| parse_device_id(device)).collect();
            if devices.is_empty() {
                counters.push(bare.clone());
            }
            for device in devices {
                let kind = self.app.board.iter().find(|entry| entry.device == device).map(|entry| entry.kind);
                let identity = self.app.store.counter(device)?.and_then(|state| state.identity);
                counters.push(Counter {
                    model: kind.and_then(device::kind).map(|kind| kind.label.to_owned()),
                    firmware: identity.map(|identity| identity.firmware).filter(|firmware| !firmware.is_empty()),
                    ..bare.clone()
                });
            }
        }
        Ok(counters)
    }

    fn add(&self, made: Made, reply: &mut StudyFilesReply) {
        let Made { part, extension, prior, text, written } = made;
        // Counters have no days.
        if written.days > 0 {
            reply.days = reply.days.max(written.days);
            reply.participants = reply.participants.max(written.participants);
        }
        reply.rows += written.rows;
        let (from, to) = written.span.unzip();
        reply.from = reply.from.into_iter().chain(from).min();
        reply.to = reply.to.max(to);
        let noted =
            |counts: &BTreeMap<&str, u64>| counts.iter().map(|(what, n)| format!("{n} {what}")).collect::<Vec<_>>();
        for note in noted(&written.left_out)
            .into_iter()
            .map(|note| note + " are not in the file")
            .chain(noted(&written.lacking))
        {
            if !reply.notes.contains(&note) {
                reply.notes.push(note);
            }
        }
        let stamp = self.created.format("%Y-%m-%dT%H%M%SZ");
        reply.files.push(StudyFileReply {
            name: format!("{}_{part}_{stamp}.{extension}", self.study.terms.study.as_str()),
            text: String::from_utf8_lossy(&text).into_owned(),
            file_oid: written.file_oid,
            prior,
            rows: written.rows,
            from,
            to,
        });
    }
}

fn made(
    part: &'static str,
    extension: &'static str,
    write: impl FnOnce(&mut Vec<u8>) -> Result<Written, StudyFileError>,
) -> Result<Made, Problem> {
    let mut text = Vec::new();
    let written =
        write(&mut text).map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    Ok(Made { part, extension, prior: None, text, written })
}

fn refused(error: &StudyError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}
