//! What the study is made of and who speaks: `Study` and `AdminData`.

use std::io::{self, Write};

use super::{OdmFile, xml::Xml};
use crate::export::variables::{CodeList, Kind, Unit, Variable};

/// OID of the program as a user.
pub(super) const USER: &str = "U.BRISK";

/// OID of the home.
pub(super) fn location(file: &OdmFile<'_>) -> String {
    format!("L.{}", file.home.as_str())
}

/// OID of a unit.
pub(super) fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Steps => "MU.STEPS",
        Unit::Minutes | Unit::OfGoal => "MU.MIN",
        Unit::Percent => "MU.PCT",
    }
}

/// `Study`: names, units, and one version of the metadata.
pub(super) fn study<W: Write>(xml: &mut Xml<W>, file: &OdmFile<'_>) -> io::Result<()> {
    let oids = file.oids;
    let study = file.terms.study.as_str();
    xml.open("Study", &[("OID", &oids.study_of(&file.terms.study))])?;
    xml.open("GlobalVariables", &[])?;
    xml.text("StudyName", study)?;
    xml.text("StudyDescription", "Daily totals of walking from a step counter")?;
    xml.text("ProtocolName", study)?;
    xml.close()?;
    xml.open("BasicDefinitions", &[])?;
    for (which, name) in [(Unit::Steps, "steps"), (Unit::Minutes, "minutes"), (Unit::Percent, "percent")] {
        xml.open("MeasurementUnit", &[("OID", unit(which)), ("Name", name)])?;
        translated(xml, "Symbol", which.symbol().unwrap_or(name))?;
        xml.close()?;
    }
    xml.close()?;
    xml.open("MetaDataVersion", &[("OID", &oids.metadata_version), ("Name", "Daily activity, version 1")])?;
    xml.open("Protocol", &[])?;
    let one = [("OrderNumber", "1"), ("Mandatory", "No")];
    xml.empty("StudyEventRef", &[&[("StudyEventOID", oids.study_event.as_str())], &one[..]].concat())?;
    xml.close()?;
    let named = |oid, name, repeating| [("OID", oid), ("Name", name), ("Repeating", repeating)];
    xml.open(
        "StudyEventDef",
        &[&named(oids.study_event.as_str(), "Day at home", "Yes")[..], &[("Type", "Common")]].concat(),
    )?;
    translated(xml, "Description", "One for each day; the repeat key is the study day, and the epoch is day 1")?;
    xml.empty("FormRef", &[&[("FormOID", oids.form.as_str())], &one[..]].concat())?;
    xml.close()?;
    xml.open("FormDef", &named(&oids.form, "Daily activity", "No"))?;
    xml.empty("ItemGroupRef", &[&[("ItemGroupOID", oids.item_group.as_str())], &one[..]].concat())?;
    xml.close()?;
    xml.open("ItemGroupDef", &named(&oids.item_group, "Daily activity", "No"))?;
    for (at, variable) in file.variables().enumerate() {
        let mandatory = if matches!(variable.name, "local_date" | "tz_offset_min") { "Yes" } else { "No" };
        let order = (at + 1).to_string();
        let oid = oids.item(variable);
        xml.empty("ItemRef", &[("ItemOID", oid.as_str()), ("OrderNumber", &order), ("Mandatory", mandatory)])?;
    }
    xml.close()?;
    for variable in file.variables() {
        item(xml, &oids.item(variable), variable)?;
    }
    for list in CodeList::ALL {
        if file.variables().any(|variable| variable.kind == Kind::Coded(list)) {
            code_list(xml, list)?;
        }
    }
    xml.close()?;
    xml.close()
}

/// `ItemDef`: data type, length, question, units, range, codes.
fn item<W: Write>(xml: &mut Xml<W>, oid: &str, variable: &Variable) -> io::Result<()> {
    let (data_type, length, digits) = match variable.kind {
        // Whatever a day can hold, also beyond its range: a reader asks about that, and does not refuse the day.
        Kind::Integer(..) => ("integer", Some("10"), None),
        Kind::Tenths => ("float", Some("11"), Some("1")),
        Kind::Coded(_) => ("integer", Some("1"), None),
        Kind::Date => ("date", None, None),
        Kind::Stamp => ("datetime", None, None),
        // The most that OpenClinica keeps.
        Kind::Text => ("text", Some("4000"), None),
    };
    let mut attributes = vec![("OID", oid), ("Name", variable.item), ("DataType", data_type)];
    attributes.extend(length.map(|length| ("Length", length)));
    attributes.extend(digits.map(|digits| ("SignificantDigits", digits)));
    attributes.push(("SASFieldName", variable.short));
    xml.open("ItemDef", &attributes)?;
    translated(xml, "Question", variable.label)?;
    let units: &[Unit] = match variable.unit {
        Some(Unit::OfGoal) => &[Unit::Minutes, Unit::Steps],
        Some(Unit::Minutes) => &[Unit::Minutes],
        Some(Unit::Steps) => &[Unit::Steps],
        Some(Unit::Percent) => &[Unit::Percent],
        None => &[],
    };
    for which in units {
        xml.empty("MeasurementUnitRef", &[("MeasurementUnitOID", unit(*which))])?;
    }
    match variable.kind {
        Kind::Integer(from, to) => {
            for (comparator, bound) in [("GE", from), ("LE", to)] {
                xml.open("RangeCheck", &[("Comparator", comparator), ("SoftHard", "Soft")])?;
                xml.text("CheckValue", &bound.to_string())?;
                xml.close()?;
            }
        }
        Kind::Coded(list) => {
            xml.empty("CodeListRef", &[("CodeListOID", &format!("CL.{}", list.name()))])?;
        }
        Kind::Tenths | Kind::Date | Kind::Stamp | Kind::Text => {}
    }
    xml.close()
}

fn code_list<W: Write>(xml: &mut Xml<W>, list: CodeList) -> io::Result<()> {
    let name = list.name();
    xml.open("CodeList", &[("OID", &format!("CL.{name}")), ("Name", name), ("DataType", "integer")])?;
    for (at, (code, label)) in list.codes().into_iter().enumerate() {
        let order = (at + 1).to_string();
        xml.open("CodeListItem", &[("CodedValue", &code.to_string()), ("OrderNumber", &order)])?;
        translated(xml, "Decode", label)?;
        xml.close()?;
    }
    xml.close()
}

/// `AdminData`: the program as a user, the home as a place.
pub(super) fn admin<W: Write>(xml: &mut Xml<W>, file: &OdmFile<'_>) -> io::Result<()> {
    let study = file.oids.study_of(&file.terms.study);
    let epoch = file.terms.epoch.to_string();
    xml.open("AdminData", &[("StudyOID", &study)])?;
    xml.open("User", &[("OID", USER), ("UserType", "Other")])?;
    xml.text("DisplayName", "Brisk")?;
    xml.text("FullName", "Brisk, the program in the home that reads the step counter")?;
    xml.close()?;
    xml.open("Location", &[("OID", &location(file)), ("Name", file.home.as_str()), ("LocationType", "Other")])?;
    let version = ("MetaDataVersionOID", file.oids.metadata_version.as_str());
    xml.empty("MetaDataVersionRef", &[("StudyOID", &study), version, ("EffectiveDate", &epoch)])?;
    xml.close()?;
    xml.close()
}

fn translated<W: Write>(xml: &mut Xml<W>, name: &'static str, text: &str) -> io::Result<()> {
    xml.open(name, &[])?;
    xml.text("TranslatedText", text)?;
    xml.close()
}
