//! What was set aside and why, what came twice, and what days carry a mark.

use std::io::{self, Write};

use super::{
    About, Report,
    html::{Grouped, Of, Text},
};
use crate::{
    export::{Table, codebook},
    model::DataState,
};

pub(super) fn write(report: &Report, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let aside: u64 = about.set_aside.iter().map(|reason| reason.rows).sum();
    if aside == 0 {
        out.write_all(b"<p>No row was set aside.</p>\n")?;
    } else {
        writeln!(
            out,
            "<p>{} could not be read and {} left out. The totals hold all other rows.</p>",
            Of(aside, "row", "rows"),
            if aside == 1 { "was" } else { "were" }
        )?;
        reasons(about, out)?;
    }
    writeln!(
        out,
        "<h3>Minutes that came twice</h3>\n<p>With the same steps: {}; each was counted once. With other steps: {}; the \
         first was kept and the day marked <code>conflict</code>.</p>",
        Of(about.duplicates, "row", "rows"),
        Of(about.conflicts, "row", "rows"),
    )?;
    let states = [
        DataState::Measured,
        DataState::PartlyMeasured,
        DataState::NotWorn,
        DataState::CannotTell,
        DataState::NotSynced,
    ];
    let states = states.map(|state| (name_of(state), report.states.get(&state).copied().unwrap_or(0)));
    coded("data_state", "What days rest on", &states, out)?;
    let flags: Vec<_> = report.flags.iter().map(|(flag, days)| (flag.name().to_owned(), *days)).collect();
    if flags.is_empty() {
        return out.write_all(b"<h3>Marks on days</h3>\n<p>No day carries a mark.</p>\n");
    }
    coded("flags", "Marks on days", &flags, out)
}

fn reasons(about: &About, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        b"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rows set aside\">\n<table class=\"words\">\
          <caption class=\"hidden\">Rows set aside</caption>\n<thead><tr><th scope=\"col\">Reason</th>\
          <th scope=\"col\" class=\"r\">Rows</th><th scope=\"col\">First places, file and line</th></tr></thead>\n<tbody>\n",
    )?;
    for reason in about.set_aside.iter().filter(|reason| reason.rows > 0) {
        write!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"r\">{}</td><td>",
            Text(&reason.text),
            Grouped(reason.rows)
        )?;
        for (index, place) in reason.first.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(out, "{comma}<bdi><code>{}</code></bdi>", Text(place))?;
        }
        out.write_all(b"</td></tr>\n")?;
    }
    out.write_all(b"</tbody></table></div>\n")
}

/// A state's name in the day table.
fn name_of(state: DataState) -> String {
    let name = match state {
        DataState::Measured => "measured",
        DataState::PartlyMeasured => "partly_measured",
        DataState::NotWorn => "not_worn",
        DataState::NotSynced => "not_synced",
        DataState::CannotTell => "cannot_tell",
    };
    name.to_owned()
}

/// Days by the codes of a column, with the codebook's words.
fn coded(column: &str, heading: &str, counts: &[(String, u64)], out: &mut dyn Write) -> io::Result<()> {
    let entry = codebook::entries(Table::Days).iter().find(|entry| entry.name == column);
    writeln!(
        out,
        "<h3>{heading}</h3>\n<table class=\"words\"><caption class=\"hidden\">{heading}</caption>\n<thead><tr>\
         <th scope=\"col\"><code>{column}</code></th><th scope=\"col\">Meaning</th>\
         <th scope=\"col\" class=\"r\">Days</th></tr></thead>\n<tbody>"
    )?;
    for (code, days) in counts {
        let meaning =
            entry.and_then(|entry| entry.codes().find(|(name, _)| name == code)).map_or("", |(_, words)| words);
        writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td class=\"r\">{}</td></tr>",
            Text(code),
            Text(meaning),
            Grouped(*days)
        )?;
    }
    out.write_all(b"</tbody></table>\n")
}
