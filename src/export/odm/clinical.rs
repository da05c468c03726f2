//! A person's days: `SubjectData` and what is in it.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SecondsFormat};

use super::{
    OdmFile,
    metadata::{USER, location, unit},
    xml::Xml,
};
use crate::{
    export::{
        MissingReason, StudyDay,
        target::Withdrawal,
        variables::{Value, stamp},
    },
    model::ParticipantId,
};

/// Opens the `SubjectData` of a person.
pub(super) fn open_subject<W: Write>(xml: &mut Xml<W>, file: &OdmFile<'_>, person: &ParticipantId) -> io::Result<()> {
    let key = format!("{}{}", file.oids.subject_prefix, person.as_str());
    xml.open("SubjectData", &[("SubjectKey", &key), ("TransactionType", "Context")])
}

/// One day, whole.
pub(super) fn day<W: Write>(xml: &mut Xml<W>, file: &OdmFile<'_>, day: &StudyDay) -> io::Result<()> {
    let again = format!("Revision {}: computed again from the counter's readings", day.revision);
    let source = format!("{}/{}", day.device_id.as_deref().unwrap_or("-"), day.revision);
    let audit = Audit {
        at: stamp(day.computed_at),
        why: (day.revision > 1).then_some(&*again),
        source: &source,
        // ODM 1.3.2: data collection is of the monitoring phase, derived data computed again of data management.
        edit_point: if day.revision > 1 { "DataManagement" } else { "Monitoring" },
    };
    group(xml, file, day.study_day.into(), "Upsert", &audit, |xml| {
        for variable in file.variables() {
            let oid = file.oids.item(variable);
            let Some(value) = (variable.value)(day) else {
                xml.empty("ItemData", &[("ItemOID", &oid), ("IsNull", "Yes")])?;
                continue;
            };
            let value = value.coded();
            let attributes = [("ItemOID", oid.as_str()), ("Value", &value)];
            match variable.unit {
                Some(of) => {
                    xml.open("ItemData", &attributes)?;
                    xml.empty("MeasurementUnitRef", &[("MeasurementUnitOID", unit(of.on(day)))])?;
                    xml.close()?;
                }
                None => xml.empty("ItemData", &attributes)?,
            }
        }
        Ok(())
    })
}

/// That a person left. Says how many days are taken out.
pub(super) fn withdrawal<W: Write>(xml: &mut Xml<W>, file: &OdmFile<'_>, left: &Withdrawal) -> io::Result<u64> {
    let audit = |why| Audit { at: midnight(left), why: Some(why), source: "-", edit_point: "DataManagement" };
    let study_day = |date: NaiveDate| (date - left.epoch).num_days() + 1;
    let gone: BTreeSet<NaiveDate> = left.sent.iter().copied().filter(|_| left.take_out).collect();
    for date in &gone {
        let why = "The participant left the study and asked for the data to be taken out";
        group(xml, file, study_day(*date), "Remove", &audit(why), |_| Ok(()))?;
    }
    let known = [
        ("local_date", Value::Date(left.date)),
        ("tz_offset_min", Value::Integer(left.tz_offset_min.into())),
        ("missing_reason", Value::Coded(MissingReason::Withdrawn.code(), MissingReason::Withdrawn.name())),
    ];
    group(xml, file, left.study_day.into(), "Upsert", &audit("The participant left the study"), |xml| {
        for variable in file.variables() {
            if let Some((_, value)) = known.iter().find(|(name, _)| *name == variable.name) {
                let oid = file.oids.item(variable);
                xml.empty("ItemData", &[("ItemOID", &oid), ("Value", &value.coded())])?;
            }
        }
        Ok(())
    })?;
    Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
}

/// When the day began on which somebody left: shifted as all their dates are, and so not told by the clock.
fn midnight(left: &Withdrawal) -> String {
    let midnight = left.date.and_time(NaiveTime::MIN);
    let offset = FixedOffset::east_opt(i32::from(left.tz_offset_min) * 60);
    let at: Option<DateTime<FixedOffset>> = offset.and_then(|offset| midnight.and_local_timezone(offset).single());
    at.unwrap_or_else(|| midnight.and_utc().fixed_offset()).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Who, when and why.
struct Audit<'a> {
    at: String,
    why: Option<&'a str>,
    source: &'a str,
    edit_point: &'a str,
}

/// The `ItemGroupData` of a study day with what is around it: the audit record first, then the items.
fn group<W: Write>(
    xml: &mut Xml<W>,
    file: &OdmFile<'_>,
    study_day: i64,
    transaction: &str,
    audit: &Audit<'_>,
    items: impl FnOnce(&mut Xml<W>) -> io::Result<()>,
) -> io::Result<()> {
    let oids = file.oids;
    let context = ("TransactionType", "Context");
    let repeat = study_day.to_string();
    xml.open("StudyEventData", &[("StudyEventOID", &oids.study_event), ("StudyEventRepeatKey", &repeat), context])?;
    xml.open("FormData", &[("FormOID", &oids.form), context])?;
    xml.open("ItemGroupData", &[("ItemGroupOID", &oids.item_group), ("TransactionType", transaction)])?;
    xml.open("AuditRecord", &[("EditPoint", audit.edit_point)])?;
    xml.empty("UserRef", &[("UserOID", USER)])?;
    xml.empty("LocationRef", &[("LocationOID", &location(file))])?;
    xml.text("DateTimeStamp", &audit.at)?;
    if let Some(why) = audit.why {
        xml.text("ReasonForChange", why)?;
    }
    xml.text("SourceID", audit.source)?;
    xml.close()?;
    items(xml)?;
    for _ in 0..3 {
        xml.close()?;
    }
    Ok(())
}
