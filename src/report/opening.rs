//! The first lines of the page, and at its end what it was made from.

use std::io::{self, Write};

use super::{
    About, Report,
    html::{Grouped, Of, OrDash, Text, count},
    picture::date,
};

/// The run in a few sentences and numbers.
pub(super) fn write(report: &Report, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let sum = |of: fn(&super::Summary) -> u64| report.people.values().map(of).sum::<u64>();
    let days = sum(|person| person.days);
    let aside: u64 = about.set_aside.iter().map(|reason| reason.rows).sum();
    let spans = || report.people.values().filter_map(|person| person.span);
    match (spans().map(|(first, _)| first).min(), spans().map(|(_, last)| last).max()) {
        (Some(first), Some(last)) => writeln!(
            out,
            "<p class=\"lead\">{}, {}, from <span class=\"day\">{}</span> to <span \
             class=\"day\">{}</span>. This page shows what the records hold, and where they hold \
             nothing.</p>",
            Of(count(report.people.len()), "person", "people"),
            Of(days, "day", "days"),
            date(first),
            date(last)
        )?,
        _ => out.write_all(b"<p class=\"lead\">No day came out of this run.</p>\n")?,
    }
    let computed = about.computed_at.map(|at| at.format(" on %Y-%m-%d at %H:%M UTC").to_string());
    writeln!(
        out,
        "<p class=\"by\">Computed by {} under the rules {}{}, from {}; <a href=\"#read\">their names and hashes</a> stand \
         at the end.</p>",
        Text(&about.software),
        Text(&about.rules),
        computed.unwrap_or_default(),
        Of(count(about.inputs.len()), "file", "files"),
    )?;
    out.write_all(b"<dl class=\"tiles\">\n")?;
    for (name, value) in [
        ("People", count(report.people.len())),
        ("Days in their records", days),
        ("Days with data", sum(|person| person.with_data)),
        ("Valid days", sum(|person| person.valid)),
        ("Rows read", about.rows),
        ("Rows set aside", aside),
    ] {
        writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Grouped(value))?;
    }
    out.write_all(b"</dl>\n")?;
    if !about.notes.is_empty() {
        out.write_all(b"<ul class=\"notes\">\n")?;
        for note in &about.notes {
            writeln!(out, "<li>{}</li>", Text(note))?;
        }
        out.write_all(b"</ul>\n")?;
    }
    Ok(())
}

/// Files, program and rules.
pub(super) fn sources(about: &About, out: &mut dyn Write) -> io::Result<()> {
    let computed = about.computed_at.map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    writeln!(
        out,
        "<dl class=\"facts\">\n<div><dt>Software</dt><dd>{}</dd></div>\n<div><dt>Rules</dt><dd>{}</dd></div>\n\
         <div><dt>Hash of the rules</dt><dd><code>{}</code></dd></div>\n<div><dt>Computed at</dt><dd>{}</dd></div>\n</dl>",
        Text(&about.software),
        Text(&about.rules),
        Text(&about.rules_hash),
        OrDash(computed),
    )?;
    if about.inputs.is_empty() {
        return Ok(());
    }
    out.write_all(
        b"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Files that were read\">\n<table class=\"files\">\
          <caption>Files that were read. The same files under the same rules give the same numbers.</caption>\n\
          <thead><tr><th scope=\"col\">File</th><th scope=\"col\" class=\"r\">Bytes</th>\
          <th scope=\"col\" class=\"r\">Rows</th><th scope=\"col\">Fingerprint</th></tr></thead>\n<tbody>\n",
    )?;
    for input in &about.inputs {
        writeln!(
            out,
            "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"r\">{}</td><td class=\"r\">{}</td>\
             <td><code>{}</code></td></tr>",
            Text(&input.path),
            Grouped(input.bytes),
            Grouped(input.rows),
            OrDash(input.hash.as_deref().map(Text)),
        )?;
    }
    out.write_all(b"</tbody></table></div>\n")
}
