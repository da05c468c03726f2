//! What is said about a run, to people and to scripts.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::{Value, json};

use super::{AggregateArgs, options::Asked};
use crate::{
    batch::{self, BatchSummary, RowPlace},
    cli::{Context, Exit, print_json},
};

/// Rows, and how many a second.
pub(super) fn pace(rows: u64, seconds: f64) -> String {
    // Shown to a person: more exact than a float it need not be.
    #[expect(clippy::cast_precision_loss, reason = "shown in millions (M)")]
    let million = rows as f64 / 1e6;
    format!("{million:.1} M rows, {:.1} M a second", million / seconds)
}

/// What is understood of the inputs.
pub(super) fn dry_run(context: &Context, asked: &Asked) -> anyhow::Result<Exit> {
    let options = &asked.options;
    let mut inputs = Vec::new();
    let mut clean = asked.set_aside.is_empty();
    for path in &options.inputs {
        if path == Path::new("-") {
            inputs
                .push(json!({ "path": path, "error": "standard input can be read once only, so it is not looked at" }));
            continue;
        }
        match batch::look_at(path, options) {
            Ok(glance) => inputs.push(serde_json::to_value(&glance)?),
            Err(error) => {
                clean = false;
                inputs.push(json!({ "path": path, "error": format!("{:#}", anyhow::Error::from(error)) }));
            }
        }
    }
    let understood = json!({
        "inputs": inputs,
        "passed_over": asked.passed_over,
        "columns": {
            "participant_id": options.columns.participant_id,
            "timestamp": options.columns.timestamp,
            "steps": options.columns.steps,
            "heart_rate": options.columns.heart_rate,
        },
        "tz": options.calendar.home().zone.name(),
        "stamps": match options.stamps {
            batch::StampClock::AsTheyStand => "as they stand",
            batch::StampClock::Utc => "instants, UTC without an offset",
            batch::StampClock::Local => "wall clock of the zone",
        },
        "rules": options.rules.name,
        "rules_hash": options.rules.hash(),
        "participants": options.participants.as_ref().map(|all| all.iter().count()),
        "device_days": options.device_days.as_ref().map(|all| all.participants().count()),
        "set_aside": asked.set_aside,
    });
    if context.global.json {
        print_json(&understood)?;
    } else {
        print(&understood)?;
    }
    Ok(if clean { Exit::Ok } else { Exit::Failed })
}

fn print(understood: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for input in understood["inputs"].as_array().into_iter().flatten() {
        writeln!(out, "{}", text(&input["path"]))?;
        if let Some(error) = input["error"].as_str() {
            writeln!(out, "  cannot be read: {error}")?;
            continue;
        }
        let shape = match input["shape"].as_str() {
            Some("wide") => "CSV, an hour a row",
            Some("parquet") => "Parquet",
            _ => "CSV, an epoch a row",
        };
        let packing = input["packing"].as_str().filter(|packing| !packing.is_empty());
        let packed = packing.map_or(String::new(), |packing| format!(", packed by {packing}"));
        writeln!(out, "  form       {shape}{packed}, {} bytes", input["bytes"])?;
        writeln!(out, "  epochs     {} s", input["epoch_s"])?;
        let names: Vec<_> = input["columns"].as_array().into_iter().flatten().map(text).collect();
        if !names.is_empty() {
            writeln!(out, "  columns    {}", names.join(", "))?;
        }
        let moment = |name: &str| input[name].as_str().map_or("?".to_owned(), |at| at.replace('T', " "));
        let until =
            if input["last"].is_null() { "not looked up, the file is packed".to_owned() } else { moment("last") };
        writeln!(out, "  stamps     {} to {until}", moment("first"))?;
        let people: Vec<_> = input["people"].as_array().into_iter().flatten().map(text).collect();
        writeln!(out, "  people     {}{}", people.join(", "), if people.len() < 5 { "" } else { ", …" })?;
        if let Some(rows @ 1..) = input["set_aside_at_the_beginning"].as_u64() {
            writeln!(out, "  set aside  {rows} rows at its beginning would be")?;
        }
    }
    for path in understood["passed_over"].as_array().into_iter().flatten() {
        writeln!(out, "{}\n  passed over: neither CSV nor Parquet by its name", text(path))?;
    }
    writeln!(out, "stamps       {}", text(&understood["stamps"]))?;
    writeln!(out, "time zone    {}", understood["tz"].as_str().unwrap_or("none"))?;
    writeln!(out, "rules        {} ({})", text(&understood["rules"]), text(&understood["rules_hash"]))?;
    if let Some(people) = understood["participants"].as_u64() {
        writeln!(out, "participants {people} in the table beside")?;
    }
    for row in understood["set_aside"].as_array().into_iter().flatten() {
        let (path, line) = (text(&row["path"]), &row["line"]);
        writeln!(out, "set aside    {path} line {line}, {}: {}", text(&row["field"]), text(&row["problem"]))?;
    }
    Ok(())
}

/// What was done.
pub(super) fn tell(
    context: &Context,
    args: &AggregateArgs,
    asked: &Asked,
    summary: &BatchSummary,
) -> anyhow::Result<()> {
    // On standard output the rows are the result, and the summary is talk.
    if context.global.json && args.output.is_some() {
        return print_json(&in_json(summary, asked, args));
    }
    if context.global.quiet {
        return Ok(());
    }
    let mut err = io::stderr();
    writeln!(err, "{} days of {} participants from {} rows.", summary.days, summary.participants, summary.rows)?;
    for (path, why) in &summary.rejected.files {
        writeln!(err, "left out, {}: {why}", path.display())?;
    }
    for (reason, times) in &summary.rejected.by_reason {
        writeln!(err, "left out, {times} rows: {reason}")?;
    }
    for (place, reason) in &summary.rejected.first {
        writeln!(err, "  {}:{}: {reason}", place.path.display(), place.line)?;
    }
    if summary.conflicts > 0 {
        writeln!(
            err,
            "{} rows gave an epoch another value; the first was kept and the day is marked `conflict`:",
            summary.conflicts
        )?;
        for place in &summary.first_conflicts {
            writeln!(err, "  {}:{}", place.path.display(), place.line)?;
        }
    }
    for row in &asked.set_aside {
        writeln!(err, "{row}")?;
    }
    for path in &asked.passed_over {
        writeln!(err, "passed over, by its name neither CSV nor Parquet: {}", path.display())?;
    }
    if summary.read_again > 0 {
        writeln!(err, "{} participants' rows were out of order: read a second time and sorted.", summary.read_again)?;
    }
    if let Some(path) = args.set_aside_path().filter(|_| !summary.is_clean()) {
        writeln!(err, "Every row that was left out is listed in {}.", path.display())?;
    }
    Ok(())
}

fn in_json(summary: &BatchSummary, asked: &Asked, args: &AggregateArgs) -> Value {
    let place = |place: &RowPlace| json!({ "file": place.path, "line": place.line });
    let rejected: Vec<_> = summary
        .rejected
        .first
        .iter()
        .map(|(at, reason)| json!({ "file": at.path, "line": at.line, "reason": reason.to_string() }))
        .collect();
    let by_reason: Vec<_> = summary
        .rejected
        .by_reason
        .iter()
        .map(|(reason, rows)| json!({ "reason": reason.to_string(), "rows": rows }))
        .collect();
    let files: Vec<_> =
        summary.rejected.files.iter().map(|(path, why)| json!({ "file": path, "reason": why })).collect();
    json!({
        "participants": summary.participants,
        "days": summary.days,
        "rows": summary.rows,
        "rows_without_value": summary.rows_without_value,
        "duplicates": summary.duplicates,
        "conflicts": summary.conflicts,
        "first_conflicts": summary.first_conflicts.iter().map(place).collect::<Vec<_>>(),
        "rejected": summary.rejected.total(),
        "rejected_by_reason": by_reason,
        "first_rejected": rejected,
        "rejected_files": files,
        "set_aside": args.set_aside_path().filter(|_| !summary.is_clean()),
        "set_aside_beside": asked.set_aside,
        "passed_over": asked.passed_over,
        "read_again": summary.read_again,
        "inputs": summary.inputs,
        "rules": asked.options.rules.name,
        "rules_hash": asked.options.rules.hash(),
        "software": crate::model::SOFTWARE,
    })
}
