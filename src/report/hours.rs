//! A person's hours: one line for each day, one column for five minutes, the colour being the cadence.

use std::io::{self, Write};

use chrono::{Datelike, NaiveDate};

use super::{
    MOST_DAYS_DRAWN, Report,
    html::{Base64, Grouped, Of, OrDash, Percent, Text, count},
    page::who_is_drawn,
    picture::{BINS, Detail, LINE_BYTES, Line, date, fullest_window},
    png,
    summary::Summary,
};

/// Colours of a bin; the first, for no data, is see-through. On a dark page they are turned round.
const PALETTE: [[u8; 3]; 9] = [
    [255, 255, 255],
    [0xed, 0xf1, 0xf3],
    [0xcf, 0xe2, 0xea],
    [0xb2, 0xd3, 0xe0],
    [0x94, 0xc3, 0xd5],
    [0x75, 0xb0, 0xc8],
    [0x52, 0x99, 0xb6],
    [0x0b, 0x4f, 0x6c],
    [0x03, 0x20, 0x2d],
];
/// Their names, steps a minute.
const BANDS: [&str; 9] = ["no data", "0 steps", "1–19", "20–39", "40–59", "60–79", "80–99", "100–119", "120 or more"];
/// The value of a bin from which it is at 100 steps a minute or more.
const BRISK: u8 = 7;
/// A line of a day without minutes.
const EMPTY: [u8; LINE_BYTES] = [0; LINE_BYTES];
/// The height of a label beside the picture, px.
const LABEL_PX: usize = 15;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.details.values().all(|detail| detail.lines.is_empty()) {
        return out.write_all(b"<p>No day has minutes.</p>\n");
    }
    out.write_all(
        b"<p>One line is one day, from midnight to midnight. Its colour is the highest cadence in five minutes, in steps \
          a minute. Hatching is no data.</p>\n<ul class=\"legend\">\n",
    )?;
    for (index, (name, [red, green, blue])) in BANDS.iter().zip(PALETTE).enumerate() {
        if index == 0 {
            writeln!(out, "<li><span class=\"key x\"></span>{name}</li>")?;
        } else {
            writeln!(
                out,
                "<li><span class=\"key turn\" style=\"background:#{red:02x}{green:02x}{blue:02x}\"></span>{name}</li>"
            )?;
        }
    }
    out.write_all(b"</ul>\n")?;
    who_is_drawn(report, out)?;
    out.write_all(b"<div class=\"two\">\n")?;
    for (key, detail) in &report.details {
        if let Some(person) = report.people.get(key) {
            figure(key.0.as_str(), person, detail, out)?;
        }
    }
    out.write_all(b"</div>\n")
}

fn figure(id: &str, person: &Summary, detail: &Detail, out: &mut dyn Write) -> io::Result<()> {
    let days: Vec<i32> = detail.lines.iter().map(|line| line.day).collect();
    let Some((first, last)) = fullest_window(&days, MOST_DAYS_DRAWN) else {
        return writeln!(out, "<figure>\n<h3>{}</h3>\n<p>No day has minutes.</p>\n</figure>", Text(id));
    };
    let drawn: Vec<&Line> = detail.lines.iter().filter(|line| (first..=last).contains(&line.day)).collect();
    let mut lines: Vec<&[u8]> = Vec::new();
    let mut next = drawn.iter().peekable();
    for day in first..=last {
        let mut found = None;
        while let Some(line) = next.next_if(|line| line.day <= day) {
            found = found.or(Some(&line.bins));
        }
        lines.push(found.unwrap_or(&EMPTY));
    }
    let png = png::encode(BINS, &lines, &PALETTE)?;
    let line_px = match lines.len() {
        0..=14 => 14,
        15..=45 => 8,
        46..=100 => 5,
        101..=200 => 3,
        _ => 2,
    };
    write!(out, "<figure>\n<h3>{}</h3>\n<div class=\"plot\"><div class=\"rows\" aria-hidden=\"true\">", Text(id))?;
    labels(first, lines.len(), line_px, out)?;
    writeln!(
        out,
        "</div><div class=\"field\"><img class=\"turn\" width=\"{BINS}\" height=\"{}\" style=\"--h:{}\" \
         alt=\"Hours of {}, {} to {}, described below.\" src=\"data:image/png;base64,{}\"/></div>\n\
         <div class=\"axis\" aria-hidden=\"true\"><span>00:00</span><span>06:00</span><span>12:00</span>\
         <span>18:00</span><span>24:00</span></div></div>",
        lines.len(),
        lines.len() * line_px,
        Text(id),
        date(first),
        date(last),
        Base64(&png),
    )?;
    caption(person, &drawn, lines.len(), out)?;
    out.write_all(b"</figure>\n")
}

/// Dates beside the first line and, as far as there is room, each Monday; each month's first in a long picture.
fn labels(first: i32, lines: usize, line_px: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut free_from = 0;
    for (index, day) in (0..lines).zip(first..) {
        let Some(date) = NaiveDate::from_num_days_from_ce_opt(day) else { continue };
        let begins = if lines > 62 { date.day() == 1 } else { date.weekday() == chrono::Weekday::Mon };
        if index == 0 || (begins && index >= free_from) {
            let form = if lines > 62 { "%Y-%m" } else { "%m-%d" };
            write!(out, "<span style=\"--y:{}\">{}</span>", index * line_px, date.format(form))?;
            free_from = index + LABEL_PX.div_ceil(line_px);
        }
    }
    Ok(())
}

/// The picture in words.
fn caption(person: &Summary, drawn: &[&Line], lines: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut recorded = 0_u64;
    let mut brisk = [0_u64; 24];
    for line in drawn {
        for (bin, value) in line.values().enumerate() {
            recorded += u64::from(value > 0);
            brisk[bin / 12] += u64::from(value >= BRISK);
        }
    }
    let in_all = count(lines) * u64::from(BINS);
    write!(
        out,
        "<figcaption>{} drawn, {} of the time with data. ",
        Of(count(lines), "day", "days"),
        Percent(recorded, in_all),
    )?;
    if person.valid > 0 {
        write!(
            out,
            "{} valid, with a median of {} steps and {} brisk minutes. ",
            Of(person.valid, "day", "days"),
            OrDash(person.steps),
            OrDash(person.brisk),
        )?;
    }
    let all: u64 = brisk.iter().sum();
    let busiest = brisk.iter().enumerate().rev().max_by_key(|(_, bins)| **bins);
    match busiest {
        Some((hour, bins)) if *bins > 0 => write!(
            out,
            "100 steps a minute or more in {} of five minutes, most often between {hour:02}:00 and {:02}:00 ({}).",
            Of(all, "stretch", "stretches"),
            hour + 1,
            Grouped(*bins)
        )?,
        Some(_) | None => out.write_all(b"No minute drawn here reached 100 steps.")?,
    }
    out.write_all(b"</figcaption>\n")
}
