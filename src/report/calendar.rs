//! Brisk minutes of each person and date, as tables whose cells carry both the number and a colour.

use std::{
    io::{self, Write},
    ops::RangeInclusive,
};

use chrono::{Datelike, NaiveDate};

use super::{
    MOST_DAYS_DRAWN, Report,
    html::{Grouped, Text},
    page::who_is_drawn,
    picture::{Detail, Mark, date, fullest_window},
    summary::Summary,
};

/// Days side by side: what an A4 page holds.
const MOST_COLUMNS: i32 = 35;

/// Colours of the brisk minutes: first value of each, and what it is called.
const CLASSES: [(u32, &str); 6] =
    [(0, "no brisk minute"), (1, "1–9"), (10, "10–19"), (20, "20–29"), (30, "30–59"), (60, "60 or more")];

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut days: Vec<i32> =
        report.details.values().flat_map(|detail| detail.days.iter().map(|mark| mark.day)).collect();
    days.sort_unstable();
    let Some((first, last)) = fullest_window(&days, MOST_DAYS_DRAWN) else {
        return out.write_all(b"<p>No day has data.</p>\n");
    };
    legend(report, out)?;
    who_is_drawn(report, out)?;
    let outside = super::html::count(days.iter().filter(|&&day| day < first || day > last).count());
    if outside > 0 {
        writeln!(
            out,
            "<p class=\"note\">Drawn are the {MOST_DAYS_DRAWN} days in a row that hold the most, {} to {}. Days with data \
             that lie outside: {}.</p>",
            date(first),
            date(last),
            Grouped(outside)
        )?;
    }
    let tables = (last - first + MOST_COLUMNS) / MOST_COLUMNS;
    let columns = (last - first + tables) / tables;
    let mut start = first;
    while start <= last {
        let end = (start + columns - 1).min(last);
        table(report, start..=end, out)?;
        start = end + 1;
    }
    Ok(())
}

fn legend(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let thresholds: Vec<String> = report.thresholds.keys().map(u16::to_string).collect();
    let thresholds = match thresholds.as_slice() {
        [] => String::new(),
        [one] => format!("{one} steps"),
        [least, .., most] => format!("a person's own threshold ({least} to {most} steps)"),
    };
    writeln!(
        out,
        "<p>Each cell holds the minutes of a day with at least {thresholds}. A day without data is left open: it is not \
         a day of zero.</p>\n<ul class=\"legend\">"
    )?;
    for (class, (_, name)) in CLASSES.iter().enumerate() {
        writeln!(out, "<li><span class=\"key c{class}\"></span>{name}</li>")?;
    }
    out.write_all(
        b"<li><span class=\"key c1 n\">(4)</span>in parentheses: not a valid day</li>\n\
          <li><span class=\"key u\">?</span>minutes not known</li>\n\
          <li><span class=\"key x\">\xe2\x80\x93</span>no data</li>\n</ul>\n",
    )
}

/// People with a record in these days, a row each.
fn table(report: &Report, days: RangeInclusive<i32>, out: &mut dyn Write) -> io::Result<()> {
    let (first, last) = (*days.start(), *days.end());
    let title = format!("Brisk minutes, {} to {}", date(first), date(last));
    write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">\n<table class=\"cal\" \
         style=\"--n:{}\"><caption>{title}</caption>\n<thead><tr><td></td>",
        last - first + 1
    )?;
    months(days.clone(), out)?;
    out.write_all(b"</tr>\n<tr><th scope=\"col\">Person</th>")?;
    for day in days.clone() {
        let Some(date) = NaiveDate::from_num_days_from_ce_opt(day) else { continue };
        let weekday = date.format("%a").to_string();
        let letter = weekday.get(..1).unwrap_or("");
        write!(out, "<th scope=\"col\">{}<small>{letter}</small></th>", date.day())?;
    }
    out.write_all(b"</tr></thead>\n<tbody>\n")?;
    for (key, detail) in &report.details {
        let Some(person) = report.people.get(key) else { continue };
        if person.span.is_some_and(|(from, to)| from <= last && to >= first) {
            write!(out, "<tr><th scope=\"row\">{}</th>", Text(key.0.as_str()))?;
            row(person, detail, days.clone(), out)?;
            out.write_all(b"</tr>\n")?;
        }
    }
    out.write_all(b"</tbody></table></div>\n")
}

/// Names of the months above their days.
fn months(days: RangeInclusive<i32>, out: &mut dyn Write) -> io::Result<()> {
    let month = |day: i32| NaiveDate::from_num_days_from_ce_opt(day).map(|date| (date.year(), date.month(), date));
    let days: Vec<_> = days.filter_map(month).collect();
    for days in days.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        // Two columns hold no whole word.
        let form = if days.len() > 3 { "%B %Y" } else { "%b" };
        write!(out, "<th scope=\"colgroup\" colspan=\"{}\">{}</th>", days.len(), days[0].2.format(form))?;
    }
    Ok(())
}

fn row(person: &Summary, detail: &Detail, days: RangeInclusive<i32>, out: &mut dyn Write) -> io::Result<()> {
    let from = detail.days.partition_point(|mark| mark.day < *days.start());
    let mut marks = detail.days[from..].iter().peekable();
    for day in days {
        let mut found = None;
        while let Some(mark) = marks.next_if(|mark| mark.day <= day) {
            found = found.or(Some(mark));
        }
        match found {
            Some(mark) => cell(mark, out)?,
            None if person.span.is_some_and(|(first, last)| (first..=last).contains(&day)) => {
                out.write_all("<td class=\"x\">–</td>".as_bytes())?;
            }
            None => out.write_all(b"<td></td>")?,
        }
    }
    Ok(())
}

fn cell(mark: &Mark, out: &mut dyn Write) -> io::Result<()> {
    let Some(brisk) = mark.brisk() else { return out.write_all(b"<td class=\"u\">?</td>") };
    let class = CLASSES.iter().rposition(|(from, _)| brisk >= *from).unwrap_or(0);
    match mark.valid {
        Some(false) => write!(out, "<td class=\"c{class} n\">({brisk})</td>"),
        Some(true) | None => write!(out, "<td class=\"c{class}\">{brisk}</td>"),
    }
}
