//! Who has how many valid days: a row and a bar for everybody.

use std::io::{self, Write};

use super::{
    Report,
    html::{Grouped, OrDash, Share, Text},
    picture::date,
};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.people.is_empty() {
        return out.write_all(b"<p>Nobody has a day in this run.</p>\n");
    }
    out.write_all(
        b"<p>A day is valid when the counter was worn long enough by the rules named at the end of this page. Medians are \
          those of a person's valid days.</p>\n<ul class=\"legend\">\n<li><span class=\"key v\"></span>valid</li>\n\
          <li><span class=\"key n\"></span>data, but not valid</li>\n<li><span class=\"key u\"></span>steps known, \
          minutes not: cannot tell</li>\n<li><span class=\"key x\"></span>no data</li>\n</ul>\n",
    )?;
    out.write_all(
        b"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Valid days of each person\">\n\
          <table class=\"people\"><caption class=\"hidden\">Valid days of each person</caption>\n<thead><tr>\
          <th scope=\"col\">Person</th><th scope=\"col\" class=\"r\">Valid</th><th scope=\"col\" class=\"wide\">Days of the \
          record</th><th scope=\"col\" class=\"r\">Days</th><th scope=\"col\" class=\"r\">With data</th>\
          <th scope=\"col\">First day</th><th scope=\"col\">Last day</th><th scope=\"col\" class=\"r\">Steps, median</th>\
          <th scope=\"col\" class=\"r\">Brisk min, median</th></tr></thead>\n<tbody>\n",
    )?;
    let longest = report.people.values().map(|person| person.days).max().unwrap_or(0);
    for ((id, _), person) in &report.people {
        write!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"r\">{}</td><td class=\"wide\"><span class=\"bar\">",
            Text(id.as_str()),
            Grouped(person.valid)
        )?;
        for (class, days) in
            [("v", person.valid), ("n", person.not_valid), ("u", person.cannot_tell()), ("x", person.no_data())]
        {
            if days > 0 {
                write!(out, "<i class=\"{class}\" style=\"width:{}\"></i>", Share(days, longest))?;
            }
        }
        writeln!(
            out,
            "</span></td><td class=\"r\">{}</td><td class=\"r\">{}</td><td>{}</td><td>{}</td><td class=\"r\">{}</td>\
             <td class=\"r\">{}</td></tr>",
            Grouped(person.days),
            Grouped(person.with_data),
            OrDash(person.span.map(|(first, _)| date(first))),
            OrDash(person.span.map(|(_, last)| date(last))),
            OrDash(person.steps),
            OrDash(person.brisk),
        )?;
    }
    out.write_all(b"</tbody></table></div>\n")
}
