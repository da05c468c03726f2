//! Faults, each planted in one file, and what is to be said of it.

/// One fault.
pub struct Fault {
    pub name: &'static str,
    pub file: &'static str,
    /// The file with the fault.
    pub change: fn(&str) -> String,
    /// Part of what is to be said.
    pub said: &'static str,
}

const fn fault(name: &'static str, file: &'static str, said: &'static str, change: fn(&str) -> String) -> Fault {
    Fault { name, file, change, said }
}

pub const BROKEN: &[Fault] = &[
    fault("no-end", "odm.xml", "no XML", |text| text[..text.len() / 2].to_owned()),
    fault("no-user", "odm.xml", "schema", |text| without_line(text, "<UserRef")),
    fault("dangling-item", "odm.xml", "I.DA_STEP is defined nowhere", |text| {
        text.replacen(r#"ItemOID="I.DA_STEPS" Value"#, r#"ItemOID="I.DA_STEP" Value"#, 1)
    }),
    fault("dangling-place", "odm.xml", "L.HOME-8 is defined nowhere", |text| {
        text.replacen(r#"<LocationRef LocationOID="L.HOME-7""#, r#"<LocationRef LocationOID="L.HOME-8""#, 1)
    }),
    fault("defined-twice", "odm.xml", "Duplicate key-sequence", |text| {
        text.replacen(r#"<ItemDef OID="I.DA_MOD_MIN""#, r#"<ItemDef OID="I.DA_VIG_MIN""#, 1)
    }),
    fault("wrong-type", "odm.xml", "'many' is no integer", |text| {
        text.replacen(r#"Value="9001""#, r#"Value="many""#, 1)
    }),
    fault("wrong-date", "odm.xml", "'1.11.2026' is no date", |text| {
        text.replacen(r#"Value="2026-11-01""#, r#"Value="1.11.2026""#, 1)
    }),
    fault("unknown-code", "odm.xml", "'7' is not in CL.YESNO", |text| {
        text.replacen(r#""I.DA_VALID" Value="1""#, r#""I.DA_VALID" Value="7""#, 1)
    }),
    fault("unknown-reason", "odm.xml", "'9' is not in CL.MISSING", |text| {
        text.replacen(r#""I.DA_MISSING" Value="3""#, r#""I.DA_MISSING" Value="9""#, 1)
    }),
    fault("not-said", "odm.xml", "I.DA_WEAR_MIN is not said", |text| {
        without_line(text, r#"<ItemData ItemOID="I.DA_WEAR_MIN" IsNull"#)
    }),
    fault("null-date", "odm.xml", "is mandatory and null", |text| {
        text.replacen(r#""I.DA_DATE" Value="2026-11-01""#, r#""I.DA_DATE" IsNull="Yes""#, 1)
    }),
    fault("wrong-unit", "odm.xml", "has the unit MU.MIN", |text| {
        let (head, rest) = text.split_once(r#"ItemOID="I.DA_STEPS" Value"#).unwrap();
        format!(r#"{head}ItemOID="I.DA_STEPS" Value{}"#, rest.replacen("MU.STEPS", "MU.MIN", 1))
    }),
    fault("insert", "odm.xml", "TransactionType is Insert", |text| text.replacen("\"Upsert\"", "\"Insert\"", 1)),
    fault("no-key", "odm.xml", "the repeat key is no study day", |text| {
        text.replacen(r#"StudyEventRepeatKey="246""#, r#"StudyEventRepeatKey="new""#, 1)
    }),
    fault("same-key", "odm.xml", "the day comes twice", |text| {
        text.replacen(r#"StudyEventRepeatKey="247""#, r#"StudyEventRepeatKey="246""#, 1)
    }),
    fault("no-audit", "odm.xml", "no audit record", |text| {
        let (head, rest) = text.split_once("<AuditRecord EditPoint=\"Monitoring\">").unwrap();
        format!("{head}{}", rest.split_once("</AuditRecord>").unwrap().1)
    }),
    fault("one-digit", "odm.xml", "steps is 9002 and was 9001", |text| {
        text.replacen(r#"Value="9001""#, r#"Value="9002""#, 1)
    }),
    fault("forgotten", "odm.xml", "steps is None and was 5120", |text| {
        text.replacen(r#""I.DA_STEPS" Value="5120""#, r#""I.DA_STEPS" IsNull="Yes""#, 1)
    }),
    fault("short-row", "xa.ndjson", "dsjframe", |text| text.replacen(",\"2026-11-01\",-2]", ",\"2026-11-01\"]", 1)),
    fault("one-cell", "xa.ndjson", "has 16 cells for 17 columns", |text| {
        text.replacen(",\"2026-11-01\",-2]", ",\"2026-11-01\"]", 1)
    }),
    fault("records", "xa.ndjson", "dsjframe: records_mismatch", |text| {
        text.replacen("\"records\":55", "\"records\":56", 1)
    }),
    fault("records-json", "xa.json", "records is 5 and there are 55 rows", |text| {
        text.replacen("\"records\":55", "\"records\":5", 1)
    }),
    fault("cell-type", "xa.ndjson", "XASEQ is '1226', which is no integer", |text| {
        text.replacen(",1226,", ",\"1226\",", 1)
    }),
    fault("steps-as-text", "xa.json", "dsjframe", |text| text.replacen("\"9001\",9001", "\"9001\",\"many\"", 1)),
    fault("no-label", "xa.json", "schema: 'label' is a required property", |text| {
        text.replacen("\"label\":\"Daily Activity\",", "", 1)
    }),
    fault("version", "xa.ndjson", "schema", |text| text.replacen("\"1.1.0\"", "\"2.0\"", 1)),
    fault("domain", "xa.ndjson", "of the domain XB", |text| {
        text.replacen("\"ETMI01\",\"XA\",", "\"ETMI01\",\"XB\",", 1)
    }),
    fault("unit-minutes", "xa.ndjson", "the unit is minutes", |text| {
        text.replacen("\"length\":5", "\"length\":9", 2).replacen("\"min\"", "\"minutes\"", 2)
    }),
    fault("no-reason", "xa.ndjson", "without a reason", |text| {
        text.replacen("\"Nothing arrived from the counter\"", "null", 1)
    }),
    fault("zero-for-unknown", "xa.ndjson", "not done, with a result", |text| {
        text.replacen("null,null,null,null,null,\"NOT DONE\"", "\"0\",\"min\",\"0\",0,\"min\",\"NOT DONE\"", 1)
    }),
    fault("a-row-twice", "xa.ndjson", "a key comes twice", |text| {
        let row = text.lines().nth(1).unwrap();
        text.replacen("\"records\":55", "\"records\":56", 1) + row + "\n"
    }),
    fault("xa-digit", "xa.ndjson", "steps is 9002 and was 9001", |text| {
        text.replace("\"9001\",\"steps\",\"9001\",9001", "\"9002\",\"steps\",\"9002\",9002")
    }),
    fault("supp-nowhere", "suppxa.ndjson", "which XA does not have", |text| {
        text.replacen("\"XASEQ\",\"1228\"", "\"XASEQ\",\"9\"", 1)
    }),
    fault("supp-digit", "suppxa.ndjson", "goal_target is 31 and was 30", |text| {
        text.replacen("\"Target of the goal\",\"30\"", "\"Target of the goal\",\"31\"", 1)
    }),
    fault("supp-gone", "suppxa.ndjson", "goal_met was True and is nowhere", |text| {
        one_record_less(&without_line(text, "\"GOALMET\",\"Goal met\",\"Y\""))
    }),
    fault("no-counter", "di.ndjson", "the counter SC-4F2A is not in DI", |text| text.replace("SC-4F2A", "SC-4F2B")),
    fault("minutes", "points.jsonl", "'minutes' is not one of", |text| {
        text.replacen("\"unit\":\"min\"", "\"unit\":\"minutes\"", 1)
    }),
    fault("plain-time", "points.jsonl", "'time_interval' is a required property", |text| {
        let (head, rest) = text.split_once("{\"time_interval\":").unwrap();
        format!("{head}{{\"date_time\":\"2026-11-01T00:00:00+01:00\"{}", rest.split_once('}').unwrap().1)
    }),
    fault("guessed", "points.jsonl", "'guessed' is not one of", |text| text.replacen("\"sensed\"", "\"guessed\"", 1)),
    fault("no-activity", "points.jsonl", "'activity_name' is a required property", |text| {
        text.replacen("\"activity_name\":\"walking\",", "", 1)
    }),
    fault("backwards", "points.jsonl", "it ends before it begins", |text| {
        text.replacen("\"end_date_time\":\"2026-11-02", "\"end_date_time\":\"2026-10-02", 1)
    }),
    fault("no-offset", "points.jsonl", "a time without an offset", |text| {
        text.replacen("\"2026-11-01T00:00:00+01:00\"", "\"2026-11-01T00:00:00\"", 1)
    }),
    fault("a-point-twice", "points.jsonl", "the uuid comes twice", |text| {
        format!("{text}{}\n", text.lines().next().unwrap())
    }),
    fault("no-address", "points.jsonl", "a datasheet has no address", |text| {
        text.replacen("https://study.example.org/study/", "study/", 1)
    }),
    fault("no-uuid", "points.jsonl", "is no UUID of version 5", |text| text.replacen("\"uuid\":\"", "\"uuid\":\"x", 1)),
    fault("point-digit", "points.jsonl", "steps is 9002 and was 9001", |text| {
        text.replacen("\"value\":9001", "\"value\":9002", 1)
    }),
    fault("point-gone", "points.jsonl", "brisk_min was 34 and is nowhere", |text| without_line(text, "brisk walking")),
];

/// With the number of rows put right, so that only the lack of one is wrong.
fn one_record_less(text: &str) -> String {
    let (head, rest) = text.split_once("\"records\":").unwrap();
    let (number, rest) = rest.split_once(',').unwrap();
    format!("{head}\"records\":{},{rest}", number.parse::<u32>().unwrap() - 1)
}

/// The text without the first line that has this in it.
fn without_line(text: &str, part: &str) -> String {
    let at = text.lines().position(|line| line.contains(part)).expect("a line to take out");
    text.lines().enumerate().filter(|(line, _)| *line != at).flat_map(|(_, line)| [line, "\n"]).collect()
}
