//! The page from top to bottom.

use std::io::{self, Write};

use super::{
    About, MOST_PICTURES, Report, calendar, hours,
    html::{Grouped, Percent, Text, count},
    opening, people,
    spread::{Bar, Spread},
    trouble,
};

/// Sections, by the name that links use and the heading that people read.
const SECTIONS: [(&str, &str); 6] = [
    ("valid", "Valid days of each person"),
    ("calendar", "Brisk minutes, day by day"),
    ("hours", "The hours of each day"),
    ("spread", "How the days spread"),
    ("aside", "What was set aside, and why"),
    ("read", "What was read"),
];

/// Writes the whole page.
pub(super) fn write(report: &Report, about: &About, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        concat!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n",
            "<meta name=\"color-scheme\" content=\"light dark\"/>\n",
            "<meta http-equiv=\"Content-Security-Policy\" ",
            "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"/>\n",
            "<title>{title}</title>\n<style>\n{css}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
        ),
        title = Text(&about.title),
        css = include_str!("style.css"),
    )?;
    opening::write(report, about, out)?;
    out.write_all(b"<nav aria-label=\"Parts of this page\"><ul>\n")?;
    for (name, heading) in SECTIONS {
        writeln!(out, "<li><a href=\"#{name}\">{heading}</a></li>")?;
    }
    out.write_all(b"</ul></nav>\n</header>\n<main>\n")?;
    for (name, heading) in SECTIONS {
        writeln!(out, "<section id=\"{name}\" aria-labelledby=\"h-{name}\">\n<h2 id=\"h-{name}\">{heading}</h2>")?;
        match name {
            "valid" => people::write(report, out)?,
            "calendar" => calendar::write(report, out)?,
            "hours" => hours::write(report, out)?,
            "spread" => spreads(report, out)?,
            "aside" => trouble::write(report, about, out)?,
            _ => opening::sources(about, out)?,
        }
        out.write_all(b"</section>\n")?;
    }
    out.write_all(b"</main>\n</body>\n</html>\n")
}

/// Says for whom single days are drawn, when that is not everybody.
pub(super) fn who_is_drawn(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.people.len() > MOST_PICTURES {
        writeln!(
            out,
            "<p class=\"note\">This run has {} people. Single days are drawn for the first {MOST_PICTURES} of them, in \
             the order of their ids; the table of valid days names everybody, and the day table of this run holds every \
             number.</p>",
            Grouped(count(report.people.len()))
        )?;
    }
    Ok(())
}

fn spreads(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<div class=\"three\">\n")?;
    let steps = [500, 1000, 2000, 2500, 5000, 10_000];
    spread("steps", "Steps", "valid days", &report.steps, &steps, out)?;
    spread("brisk", "Brisk minutes", "valid days", &report.brisk, &[5, 10, 15, 30, 60, 120], out)?;
    spread("wear", "Minutes worn", "recorded days", &report.wear, &[60, 120], out)?;
    out.write_all(b"</div>\n")
}

/// One number's spread: a sentence, a picture, and the same as a table.
fn spread<const WIDTH: u32>(
    name: &str,
    what: &str,
    which: &str,
    values: &Spread<WIDTH>,
    widths: &[u64],
    out: &mut dyn Write,
) -> io::Result<()> {
    let bars = values.bars(widths);
    writeln!(out, "<div class=\"spread\">\n<h3>{what} on {which}</h3>")?;
    let (Some(low), Some(middle), Some(high)) = (values.quantile(25), values.quantile(50), values.quantile(75)) else {
        return out.write_all(b"<p>No such day in this run.</p>\n</div>\n");
    };
    let exact = if WIDTH > 1 { format!(", to the {WIDTH} below") } else { String::new() };
    writeln!(
        out,
        "<p>{} days. Half of them lie between {} and {}, the middle one at {}{exact}.</p>",
        Grouped(values.count()),
        Grouped(low),
        Grouped(high),
        Grouped(middle),
    )?;
    picture(name, what, which, &bars, out)?;
    let most = bars.iter().map(|bar| bar.days).max().unwrap_or(0);
    writeln!(
        out,
        "<table class=\"bars\"><caption class=\"hidden\">{what} on {which}</caption>\n<thead><tr><th scope=\"col\">{what}\
         </th><th scope=\"col\" class=\"r\">Days</th><th scope=\"col\" class=\"r\">Share</th></tr></thead>\n<tbody>"
    )?;
    for bar in &bars {
        let strong = if bar.days == most { " class=\"top\"" } else { "" };
        writeln!(
            out,
            "<tr{strong}><th scope=\"row\">{}</th><td class=\"r\">{}</td><td class=\"r\">{}</td></tr>",
            bar.label(),
            Grouped(bar.days),
            Percent(bar.days, values.count())
        )?;
    }
    out.write_all(b"</tbody></table>\n</div>\n")
}

/// The picture, 360 by 165 units; its numbers stand in the table below it.
fn picture(name: &str, what: &str, which: &str, bars: &[Bar], out: &mut dyn Write) -> io::Result<()> {
    const LEFT: u64 = 36;
    const WIDE: u64 = 318;
    const TOP: u64 = 14;
    const HIGH: u64 = 116;
    let most = bars.iter().map(|bar| bar.days).max().unwrap_or(0).max(1);
    let bottom = TOP + HIGH;
    writeln!(
        out,
        "<svg viewBox=\"0 0 360 165\" role=\"img\" aria-labelledby=\"s-{name} d-{name}\">\n<title id=\"s-{name}\">\
         {what} on {which}</title><desc id=\"d-{name}\">A bar for each range of values, as high as it has days. The \
         numbers stand in the table below.</desc>\n<path class=\"g\" d=\"M{LEFT} {TOP}h{WIDE}M{LEFT} {bottom}h{WIDE}\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"{}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\
         <text x=\"{LEFT}\" y=\"10\">days</text>",
        LEFT - 6,
        TOP + 4,
        Grouped(most),
        LEFT - 6,
    )?;
    let bars_count = count(bars.len()).max(1);
    let every = bars_count.div_ceil(6);
    for (index, bar) in (0_u64..).zip(bars) {
        let left = LEFT + WIDE * index / bars_count;
        let right = LEFT + WIDE * (index + 1) / bars_count;
        let height = match bar.days {
            0 => 0,
            // A single day among thousands is still seen.
            days => (days * HIGH / most).max(1),
        };
        write!(
            out,
            "<rect class=\"b\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>",
            left + 1,
            bottom - height,
            right.saturating_sub(left + 2),
        )?;
        if index.is_multiple_of(every) && left + 24 < LEFT + WIDE {
            write!(
                out,
                "<text x=\"{left}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                bottom + 15,
                Grouped(bar.from)
            )?;
        }
    }
    writeln!(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{what}</text></svg>", LEFT + WIDE, bottom + 31)
}
