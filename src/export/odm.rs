//! CDISC ODM-XML 1.3.2: a file of days that an electronic data capture system takes in, however often it comes.
//!
//! `FileType` is `Transactional`: each day is an `ItemGroupData` with `TransactionType` `Upsert` in a
//! repeating study event whose `StudyEventRepeatKey` is the study day, so that a day that comes again is the same day.
//! What is above it is `Context`. The first child of every day is its `AuditRecord`: the program, the home by its
//! pseudonym, when the revision was computed, why it changed, and counter and revision as `SourceID`.
//! A value that is not known is `IsNull="Yes"`; why stands in `DA_MISSING`. Where goals are kept back the file has no item for them.
//!
//! Source: ODM 1.3.2 specification and schemas, CDISC. The schemas check form only: a reader has to check
//! OIDs, codes and data types itself.

mod clinical;
mod metadata;
mod oids;
mod xml;

use std::{
    borrow::Borrow,
    io::{self, Write},
};

use chrono::{DateTime, Utc};

pub use oids::Oids;

use super::{
    StudyDay, Terms,
    study_file::{Days, StudyFileError, Written, file_oid},
    target::Withdrawal,
    variables::{VARIABLES, Variable, stamp},
};
use crate::model::{ParticipantId, SOFTWARE};
use xml::Xml;

/// What a file says besides its days.
#[derive(Clone, Debug)]
pub struct OdmFile<'a> {
    /// What the study agreed on.
    pub terms: &'a Terms,
    /// The home, by its pseudonym: not that of a person in it.
    pub home: &'a ParticipantId,
    /// When the file is made.
    pub created: DateTime<Utc>,
    /// `FileOID` of the file before this one; a reader that misses one finds the gap.
    pub prior: Option<&'a str>,
    /// The trial database's own OIDs.
    pub oids: &'a Oids,
}

impl OdmFile<'_> {
    /// Variables that stand in the file.
    fn variables(&self) -> impl Iterator<Item = &'static Variable> + Clone {
        let kept_back = self.terms.goals_kept_back;
        VARIABLES.iter().filter(move |variable| !(kept_back && variable.of_goal))
    }

    fn file_oid(&self) -> String {
        file_oid(&self.terms.study, self.home, "ODM", self.created)
    }
}

/// Writes days: each person's together, in order of their dates. The same days and the same `created` give the same bytes.
///
/// # Errors
/// When it cannot be written, a day is out of place, or two things have one OID.
pub fn write<W: Write>(
    out: W,
    file: &OdmFile<'_>,
    days: impl IntoIterator<Item: Borrow<StudyDay>>,
) -> Result<Written, StudyFileError> {
    let mut xml = begin(out, file)?;
    let mut taken = Days::of(&file.terms.study, file.file_oid());
    for day in days {
        let day = day.borrow();
        let person = taken.take(day)?;
        if person {
            if taken.written.participants > 1 {
                xml.close()?;
            }
            clinical::open_subject(&mut xml, file, &day.participant_id)?;
        }
        clinical::day(&mut xml, file, day)?;
        taken.written.rows += 1;
    }
    if taken.written.participants > 0 {
        xml.close()?;
    }
    end(xml)?;
    Ok(taken.written)
}

/// Writes that participants left: `DA_MISSING` = 4 on the day on which they did, and nothing else of that day changed.
/// Where their days are to be taken out, each of them is a `Remove` first, and that day says nothing but that they left.
///
/// # Errors
/// As [`write`].
pub fn write_withdrawals<W: Write>(
    out: W,
    file: &OdmFile<'_>,
    withdrawals: &[Withdrawal],
) -> Result<Written, StudyFileError> {
    let mut xml = begin(out, file)?;
    let mut written = Written { file_oid: file.file_oid(), ..Written::default() };
    for withdrawal in withdrawals {
        if withdrawal.study != file.terms.study {
            return Err(StudyFileError::OtherStudy(withdrawal.date));
        }
        clinical::open_subject(&mut xml, file, &withdrawal.participant)?;
        let removed = clinical::withdrawal(&mut xml, file, withdrawal)?;
        xml.close()?;
        written.participants += 1;
        written.days += removed + 1;
        written.rows += removed + 1;
        let first = withdrawal.sent.iter().filter(|_| withdrawal.take_out).min().copied().unwrap_or(withdrawal.date);
        let (from, to) = written.span.unwrap_or((first, withdrawal.date));
        written.span = Some((from.min(first).min(withdrawal.date), to.max(withdrawal.date)));
    }
    end(xml)?;
    Ok(written)
}

/// The root, what the study is, who speaks, and the beginning of the clinical data.
fn begin<W: Write>(out: W, file: &OdmFile<'_>) -> Result<Xml<W>, StudyFileError> {
    file.oids.check().map_err(StudyFileError::Names)?;
    let created = stamp(file.created);
    let file_oid = file.file_oid();
    let version = SOFTWARE.trim_start_matches("brisk ");
    let mut root = vec![
        ("xmlns", "http://www.cdisc.org/ns/odm/v1.3"),
        ("ODMVersion", "1.3.2"),
        ("FileType", "Transactional"),
        ("Granularity", "AllClinicalData"),
        ("FileOID", &file_oid),
        ("CreationDateTime", &created),
        ("AsOfDateTime", &created),
        ("SourceSystem", "Brisk"),
        ("SourceSystemVersion", version),
    ];
    root.extend(file.prior.map(|prior| ("PriorFileOID", prior)));
    let mut xml = Xml::new(out)?;
    xml.open("ODM", &root)?;
    metadata::study(&mut xml, file)?;
    metadata::admin(&mut xml, file)?;
    let study = file.oids.study_of(&file.terms.study);
    xml.open("ClinicalData", &[("StudyOID", &study), ("MetaDataVersionOID", &file.oids.metadata_version)])?;
    Ok(xml)
}

fn end<W: Write>(mut xml: Xml<W>) -> io::Result<()> {
    xml.close()?;
    xml.close()?;
    xml.finish()
}
