//! `brisk device capture` and `brisk device replay`: a dialogue recorded, and played back to today's driver.

use std::{
    fs::OpenOptions,
    io::{BufWriter, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::Args;
use firmware_protocol::{
    decode,
    driver::Prompt,
    reading::{Anchor, Reading, Stamp, Wear},
    steplog,
};
use serde::Serialize;

use super::{
    Context, Exit,
    device_air::{Air, kind_named, radio_trouble},
    paint::{self, say},
};
use crate::{
    capture::{
        self, Subject,
        dialogue::{Keep, Told},
        format::{Capture, Hex},
        replay,
    },
    daemon,
    radio::{Link as _, Radio as _, Wanted},
    store::BondLevel,
};

/// Finding the counter and connecting together.
const CONNECT_WITHIN: Duration = Duration::from_secs(45);
/// A recording of a month's backlog is a tenth of this.
const LONGEST: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// Its address, as `brisk device scan` shows it [default: the only one in reach]
    address: Option<String>,
    /// File to write; one that is there is not overwritten
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What kind it is, where that is not clear
    #[arg(long)]
    kind: Option<String>,
    /// Bring in everything, and tell the counter that this was done by a host of its own, "brisktst". Only of
    /// counters that keep hosts apart, so that what this home has not stored yet stays in the counter
    #[arg(long)]
    whole: bool,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A recording that `brisk device capture` made
    file: PathBuf,
    /// Play it to the driver of another kind of counter
    #[arg(long)]
    kind: Option<String>,
}

/// `brisk device capture`
pub fn capture(context: &Context, args: &CaptureArgs) -> anyhow::Result<Exit> {
    let air = match Air::open(context)? {
        Ok(air) => air,
        Err(exit) => return Ok(exit),
    };
    let waiting = super::spinner(context, "speaking with the counter");
    let told = air.runtime.block_on(async {
        let meant = air.find(args.address.as_deref(), args.kind.as_deref()).await?;
        if args.whole && !steplog::recognise(meant.kind.scan) {
            bail!(
                "this counter forgets what any one host has taken, so bringing in everything could lose it for you; \
                 nothing was changed. Leave `--whole` out: the recording then ends before anything is acknowledged"
            );
        }
        let paired = matches!(meant.bond, Some(BondLevel::JustWorks | BondLevel::Passkey));
        let wanted = Wanted { kind: meant.kind, address: Some(meant.address.clone()), paired, not: Vec::new() };
        let link = air.radio.connect(&wanted, CONNECT_WITHIN).await;
        let link = link.map_err(|error| radio_trouble(&error, Some(meant.kind)))?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.output);
        let file = file.with_context(|| format!("cannot make {}", args.output.display()))?;
        let subject = Subject {
            kind: meant.kind,
            setup: meant.setup(link.heard()),
            keep: if args.whole { Keep::Everything } else { Keep::UntilReadings },
        };
        let mut prompt = |prompt: Prompt| match prompt {
            Prompt::Tap => waiting.suspend(|| tap(context)),
        };
        let told = capture::record(link, BufWriter::new(file), &air.clock, subject, &mut prompt).await;
        told.with_context(|| format!("cannot write {}", args.output.display()))
    })?;
    waiting.finish_and_clear();
    if context.global.json {
        super::print_json(&serde_json::json!({
            "file": args.output,
            "device": told.identity.as_ref().map(|identity| identity.device.to_string()),
            "deliveries": told.deliveries.len(),
            "readings": told.readings().len(),
            "acknowledged": args.whole,
        }))?;
    } else {
        say(format_args!("Recorded: {} readings, in {}.", told.readings().len(), args.output.display()))?;
    }
    if !context.global.quiet {
        writeln!(
            std::io::stderr(),
            "It holds no address and no key, but steps, what the counter says of itself, and the answers to its \
             challenges: pass it on to whom you trust with those.{}",
            if args.whole { "" } else { " No reading was acknowledged: the counter keeps them all." }
        )?;
    }
    Ok(if told.stopped || told.outcome == Some(firmware_protocol::driver::Outcome::Complete) {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

fn tap(context: &Context) {
    if !context.global.quiet {
        // Where standard error is gone there is nobody to be told.
        writeln!(std::io::stderr(), "Touch the counter now: it vibrates or shows a question.").ok();
    }
}

/// `brisk device replay`
pub fn replay(context: &Context, args: &ReplayArgs) -> anyhow::Result<Exit> {
    let name = args.file.display();
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&args.file).with_context(|| format!("cannot read {name}"))?;
    file.take(LONGEST).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    let capture = Capture::parse(&bytes).with_context(|| format!("{name} is no recording"))?;
    let kind = match &args.kind {
        Some(kind) => kind_named(kind)?,
        None => capture.kind().with_context(|| name.to_string())?,
    };
    let runtime = daemon::runtime()?;
    let replayed = runtime.block_on(replay::replay(&capture, kind)).with_context(|| name.to_string())?;
    let rows = rows(&replayed.told);
    if context.global.json {
        let mut out = std::io::stdout().lock();
        for row in &rows {
            serde_json::to_writer(&mut out, row).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    } else {
        let mut table = paint::table(&["what", "number", "start", "seconds", "steps", "worn", "more"], &[1, 3, 4]);
        for row in &rows {
            let number = |value: Option<u32>| value.map_or_else(String::new, |value| value.to_string());
            table.add_row([
                row.what.to_owned(),
                number(row.number),
                row.start.clone().unwrap_or_default(),
                number(row.seconds),
                number(row.steps),
                row.worn.unwrap_or_default().to_owned(),
                row.more.clone().unwrap_or_default(),
            ]);
        }
        say(table)?;
    }
    if !context.global.quiet {
        talk(&capture, &replayed)?;
    }
    Ok(if rows.is_empty() { Exit::Nothing } else { Exit::Ok })
}

fn talk(capture: &Capture, replayed: &replay::Replayed) -> std::io::Result<()> {
    let mut err = std::io::stderr();
    if let Some(identity) = &replayed.told.identity {
        writeln!(err, "Counter {}, firmware {:?}.", identity.device, identity.firmware)?;
    }
    match replayed.told.outcome.filter(|_| !replayed.told.stopped) {
        Some(outcome) => writeln!(err, "The dialogue ended: {outcome:?}.")?,
        None if replayed.told.stopped => {
            writeln!(err, "The dialogue was ended here, before a reading was acknowledged.")?;
        }
        None => writeln!(err, "The connection broke off, or the recording ends here.")?,
    }
    if !capture.is_whole() {
        writeln!(err, "The recording was cut off at line {}.", capture.lines.len() + 1)?;
    }
    if replayed.not_asked > 0 {
        writeln!(err, "{} recorded questions were not asked this time.", replayed.not_asked)?;
    }
    if replayed.other_bytes > 0 {
        writeln!(err, "{} questions had other bytes than when it was recorded.", replayed.other_bytes)?;
    }
    Ok(())
}

/// One thing that would have been stored.
#[derive(Debug, Default, Serialize)]
struct Row {
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    /// UTC where it is known, else what the counter's clock showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worn: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<String>,
}

fn rows(told: &Told) -> Vec<Row> {
    let readings = told.readings();
    let anchors: Vec<&Anchor> = readings
        .iter()
        .filter_map(|reading| if let Reading::Anchor(anchor) = reading { Some(anchor) } else { None })
        .collect();
    let mut rows = Vec::new();
    for delivery in &told.deliveries {
        for unit in &delivery.units {
            let mut each = |reading: Reading| rows.push(row(&reading, &anchors));
            if let Err(reason) = decode(unit.kind, &unit.bytes, &mut each) {
                let more = format!("{:?}: {reason:?}: {}", unit.kind, Hex(unit.bytes.clone()));
                rows.push(Row { what: "unreadable", more: Some(more), ..Row::default() });
            }
        }
        for aside in &delivery.quarantined {
            let more = format!("{:?}: {}", aside.reason, Hex(aside.bytes.clone()));
            rows.push(Row { what: "put aside", number: aside.seq, more: Some(more), ..Row::default() });
        }
    }
    rows
}

fn row(reading: &Reading, anchors: &[&Anchor]) -> Row {
    match reading {
        Reading::Epoch(epoch) => {
            let mut more = Vec::new();
            more.extend(epoch.saturated.then_some("at least"));
            more.extend(epoch.clock_unset.then_some("clock not set"));
            Row {
                what: "steps",
                number: Some(epoch.seq),
                start: Some(start(epoch.stamp, anchors)),
                seconds: Some(epoch.seconds),
                steps: Some(epoch.steps),
                worn: Some(worn(epoch.wear)),
                more: (!more.is_empty()).then(|| more.join(", ")),
            }
        }
        Reading::Gap { seq, count } => Row {
            what: "gap",
            number: Some(*seq),
            more: Some(format!("{count} numbers without data")),
            ..Row::default()
        },
        Reading::Counter { stamp, steps } => {
            Row { what: "total", start: Some(start(*stamp, anchors)), steps: Some(*steps), ..Row::default() }
        }
        Reading::Anchor(anchor) => Row {
            what: "clock",
            start: Some(utc(anchor.utc_ms)),
            more: Some(format!("boot {} at {} ms, known to ±{} ms", anchor.boot, anchor.uptime_ms, anchor.accuracy_ms)),
            ..Row::default()
        },
        Reading::BootLink(link) => {
            let more =
                format!("boot {} began {} ms after the last sign of boot {}", link.boot, link.off_ms, link.previous);
            Row { what: "restart", more: Some(more), ..Row::default() }
        }
        Reading::Clock { host_utc_ms, claimed_utc_ms, accuracy_ms } => {
            let ahead = claimed_utc_ms.saturating_sub(*host_utc_ms);
            let more = format!("the counter's clock is {ahead} ms ahead, known to ±{accuracy_ms} ms");
            Row { what: "clock", start: Some(utc(*host_utc_ms)), more: Some(more), ..Row::default() }
        }
        Reading::Battery { percent } => Row { what: "battery", more: Some(format!("{percent} %")), ..Row::default() },
    }
}

fn start(stamp: Stamp, anchors: &[&Anchor]) -> String {
    match stamp {
        Stamp::Utc { seconds } => utc(seconds.saturating_mul(1000)),
        Stamp::Local { seconds, offset_min } => {
            let wall = utc(seconds.saturating_mul(1000));
            let wall = wall.trim_end_matches('Z').replace('T', " ");
            offset_min.map_or_else(|| format!("{wall} local"), |offset| format!("{wall} local, UTC {offset:+} min"))
        }
        Stamp::Uptime { boot, seconds } => {
            let uptime_ms = i64::from(seconds) * 1000;
            let anchor = anchors.iter().find(|anchor| anchor.boot == boot);
            let at = anchor.and_then(|anchor| {
                let before = i64::try_from(anchor.uptime_ms).ok()?.checked_sub(uptime_ms)?;
                anchor.utc_ms.checked_sub(before)
            });
            at.map_or_else(|| format!("boot {boot} +{seconds} s"), utc)
        }
    }
}

fn utc(ms: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(ms);
    at.map_or_else(|| format!("{ms} ms"), |at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

fn worn(wear: Wear) -> &'static str {
    match wear {
        Wear::Unknown => "unknown",
        Wear::Worn => "yes",
        Wear::NotWorn => "no",
        Wear::Charging => "charging",
    }
}
