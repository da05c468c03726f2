//! A whole project to create in REDCap ("Upload a REDCap project XML file"): the fields, and that `daily_activity` repeats,
//! which a data dictionary cannot say. ODM 1.3.1 with REDCap's extensions, as REDCap itself exports projects.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::{
    dictionary::{annotation, field_type},
    fields::{COMPLETE, EPOCH, FIELDS, FORM, Field, Kind, PARTICIPANT_FORM, RECORD_ID},
};
use crate::model::ParticipantId;

/// The project XML of a study whose day 1 is `epoch`. It holds no day and no participant, and is the same whenever it is
/// made. The epoch is offered as what stands in `da_epoch`.
pub fn project_xml(study: &ParticipantId, epoch: NaiveDate) -> String {
    let study = study.as_str();
    let forms = [(PARTICIPANT_FORM, "Participant"), (FORM, "Daily activity")];
    let mut xml = Xml::default();
    xml.line(r#"<?xml version="1.0" encoding="UTF-8" ?>"#);
    // The file says nothing of days: the start of the study stands for the time at which it was made.
    xml.open(&format!(
        r#"<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:redcap="https://projectredcap.org" xsi:schemaLocation="http://www.cdisc.org/ns/odm/v1.3 schema/odm/ODM1-3-1.xsd" ODMVersion="1.3.1" FileOID="000-00-0000" FileType="Snapshot" Description="{study}" AsOfDateTime="{epoch}T00:00:00" CreationDateTime="{epoch}T00:00:00" SourceSystem="Brisk" SourceSystemVersion="{}">"#,
        env!("CARGO_PKG_VERSION")
    ));
    xml.open(&format!(r#"<Study OID="Project.{study}">"#));
    global_variables(&mut xml, study);
    xml.open(&format!(r#"<MetaDataVersion OID="Metadata.{study}" Name="{study}" redcap:RecordIdField="{RECORD_ID}">"#));
    for (form, label) in forms {
        xml.open(&format!(r#"<FormDef OID="Form.{form}" Name="{label}" Repeating="No" redcap:FormName="{form}">"#));
        xml.line(&format!(r#"<ItemGroupRef ItemGroupOID="{}" Mandatory="No"/>"#, group(form)));
        xml.line(&format!(r#"<ItemGroupRef ItemGroupOID="{form}.{form}_complete" Mandatory="No"/>"#));
        xml.close("</FormDef>");
    }
    for (form, label) in forms {
        xml.open(&format!(r#"<ItemGroupDef OID="{}" Name="{label}" Repeating="No">"#, group(form)));
        for Field { name, .. } in FIELDS.iter().filter(|field| field.form == form) {
            xml.line(&format!(r#"<ItemRef ItemOID="{name}" Mandatory="No" redcap:Variable="{name}"/>"#));
        }
        xml.close("</ItemGroupDef>");
        xml.open(&format!(r#"<ItemGroupDef OID="{form}.{form}_complete" Name="Form Status" Repeating="No">"#));
        xml.line(&format!(r#"<ItemRef ItemOID="{form}_complete" Mandatory="No" redcap:Variable="{form}_complete"/>"#));
        xml.close("</ItemGroupDef>");
    }
    for (form, _) in forms {
        FIELDS.iter().filter(|field| field.form == form).for_each(|field| item(&mut xml, field, epoch));
        status_item(&mut xml, form);
    }
    for (form, _) in forms {
        for field in FIELDS.iter().filter(|field| field.form == form) {
            code_list(&mut xml, field.name, &field.kind.choices());
        }
        code_list(&mut xml, &status(form), &[(0, "Incomplete"), (1, "Unverified"), (2, "Complete")]);
    }
    xml.close("</MetaDataVersion>");
    xml.close("</Study>");
    xml.close("</ODM>");
    xml.text
}

fn global_variables(xml: &mut Xml, study: &str) {
    xml.open("<GlobalVariables>");
    xml.line(&format!("<StudyName>{study}</StudyName>"));
    xml.line("<StudyDescription>Days of walking, one instance a day</StudyDescription>");
    xml.line(&format!("<ProtocolName>{study}</ProtocolName>"));
    xml.line("<redcap:RecordAutonumberingEnabled>0</redcap:RecordAutonumberingEnabled>");
    xml.line("<redcap:CustomRecordLabel></redcap:CustomRecordLabel>");
    xml.line("<redcap:SecondaryUniqueField></redcap:SecondaryUniqueField>");
    xml.line("<redcap:SchedulingEnabled>0</redcap:SchedulingEnabled>");
    xml.line("<redcap:SurveysEnabled>0</redcap:SurveysEnabled>");
    xml.line("<redcap:SurveyInvitationEmailField></redcap:SurveyInvitationEmailField>");
    // 2 is research.
    xml.line("<redcap:Purpose>2</redcap:Purpose>");
    xml.line("<redcap:PurposeOther></redcap:PurposeOther>");
    xml.line("<redcap:ProjectNotes></redcap:ProjectNotes>");
    xml.open("<redcap:RepeatingInstrumentsAndEvents>");
    xml.open("<redcap:RepeatingInstruments>");
    xml.line(&format!(
        r#"<redcap:RepeatingInstrument redcap:UniqueEventName="event_1_arm_1" redcap:RepeatInstrument="{FORM}" redcap:CustomLabel="[da_date]"/>"#
    ));
    xml.close("</redcap:RepeatingInstruments>");
    xml.close("</redcap:RepeatingInstrumentsAndEvents>");
    xml.close("</GlobalVariables>");
}

fn item(xml: &mut Xml, field: &Field, epoch: NaiveDate) {
    let Field { name, label, note, kind, required, .. } = field;
    let (data_type, validation) = match kind {
        Kind::Text | Kind::YesNo | Kind::GoalVar | Kind::MissingReason => ("text", ""),
        // The names that REDCap has for them in these files.
        Kind::Integer(..) => ("integer", "int"),
        Kind::Number => ("float", "float"),
        Kind::Date => ("date", kind.validation()),
        Kind::Stamp => ("datetime", kind.validation()),
    };
    let choices = kind.choices();
    let length = if choices.is_empty() { 999 } else { 1 };
    let field_type = match field_type(*kind) {
        "dropdown" => "select",
        other => other,
    };
    let note = if note.is_empty() { String::new() } else { format!(r#" redcap:FieldNote="{}""#, escaped(note)) };
    let mut more = note;
    if !validation.is_empty() {
        let _ = write!(more, r#" redcap:TextValidationType="{validation}""#);
    }
    if *required {
        more.push_str(r#" redcap:RequiredField="y""#);
    }
    let annotation = if *name == EPOCH { format!("@DEFAULT='{epoch}'") } else { annotation(field).to_owned() };
    if !annotation.is_empty() {
        let _ = write!(more, r#" redcap:FieldAnnotation="{}""#, escaped(&annotation));
    }
    xml.open(&format!(
        r#"<ItemDef OID="{name}" Name="{name}" DataType="{data_type}" Length="{length}" redcap:Variable="{name}" redcap:FieldType="{field_type}"{more}>"#
    ));
    xml.line(&format!("<Question><TranslatedText>{}</TranslatedText></Question>", escaped(label)));
    let (least, most) = kind.range();
    for (comparator, bound) in [("GE", least), ("LE", most)] {
        let Some(bound) = bound else { continue };
        xml.line(&format!(
            r#"<RangeCheck Comparator="{comparator}" SoftHard="Soft"><CheckValue>{bound}</CheckValue><ErrorMessage><TranslatedText>The value is outside the suggested range.</TranslatedText></ErrorMessage></RangeCheck>"#
        ));
    }
    if !choices.is_empty() {
        xml.line(&format!(r#"<CodeListRef CodeListOID="{name}.choices"/>"#));
    }
    xml.close("</ItemDef>");
}

fn status_item(xml: &mut Xml, form: &str) {
    let name = status(form);
    xml.open(&format!(
        r#"<ItemDef OID="{name}" Name="{name}" DataType="text" Length="1" redcap:Variable="{name}" redcap:FieldType="select" redcap:SectionHeader="Form Status">"#
    ));
    xml.line("<Question><TranslatedText>Complete?</TranslatedText></Question>");
    xml.line(&format!(r#"<CodeListRef CodeListOID="{name}.choices"/>"#));
    xml.close("</ItemDef>");
}

/// REDCap names a group of fields after its first.
fn group(form: &str) -> String {
    let first = FIELDS.iter().find(|field| field.form == form).map_or("", |field| field.name);
    format!("{form}.{first}")
}

/// The field of a form's status, which REDCap makes itself.
fn status(form: &str) -> String {
    if form == FORM { COMPLETE.to_owned() } else { format!("{form}_complete") }
}

fn code_list(xml: &mut Xml, name: &str, choices: &[(u8, &str)]) {
    if choices.is_empty() {
        return;
    }
    xml.open(&format!(r#"<CodeList OID="{name}.choices" Name="{name}" DataType="text" redcap:Variable="{name}">"#));
    for (code, label) in choices {
        xml.line(&format!(
            r#"<CodeListItem CodedValue="{code}"><Decode><TranslatedText>{}</TranslatedText></Decode></CodeListItem>"#,
            escaped(label)
        ));
    }
    xml.close("</CodeList>");
}

/// Lines, indented by their depth.
#[derive(Default)]
struct Xml {
    text: String,
    depth: usize,
}

impl Xml {
    fn line(&mut self, line: &str) {
        self.text.extend(std::iter::repeat_n('\t', self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    fn close(&mut self, line: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(line);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
