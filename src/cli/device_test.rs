//! `brisk device test`: the conformance kit for makers of counters.

use std::{io::Write as _, time::Duration};

use anyhow::anyhow;
use clap::Args;
use firmware_protocol::{device::Kind, driver::Prompt};

use super::{
    Context, Exit, device,
    device_air::{Air, radio_trouble},
    paint::{self, say},
};
use crate::{
    conformance::{self, Finding, Measured, Plain, Report, Verdict, simulated},
    daemon,
    radio::Wanted,
    store::BondLevel,
};

#[derive(Debug, Args)]
pub struct TestArgs {
    /// Its address, as `brisk device scan` shows it [default: the only one in reach]
    address: Option<String>,
    /// Test the simulated counter of this program instead: no radio, and an example of what the report looks like
    #[arg(long, conflicts_with_all = ["address", "kind"])]
    simulated: bool,
    /// What kind it is, where that is not clear
    #[arg(long)]
    kind: Option<String>,
}

/// Runs the command.
pub fn test(context: &Context, args: &TestArgs) -> anyhow::Result<Exit> {
    if args.simulated {
        let runtime = daemon::runtime()?;
        let report = runtime.block_on(async {
            let stage = simulated::stage(|counter| counter).await;
            let stage = stage.map_err(|error| anyhow!("the simulated counter's flash failed ({error:?})"))?;
            anyhow::Ok(conformance::run(&stage.radio, stage.clock.as_ref(), stage.wanted, &mut |_| ()).await?)
        })?;
        return show(context, &report, Some(BondLevel::Simulated));
    }
    let air = match Air::open(context)? {
        Ok(air) => air,
        Err(exit) => return Ok(exit),
    };
    let waiting = super::spinner(context, "looking for the counter");
    air.runtime.block_on(async {
        let meant = air.find(args.address.as_deref(), args.kind.as_deref()).await?;
        let paired = matches!(meant.bond, Some(BondLevel::JustWorks | BondLevel::Passkey));
        let wanted = Wanted { kind: meant.kind, address: Some(meant.address.clone()), paired, not: Vec::new() };
        if conformance::has_clauses(meant.kind) {
            let mut tell = |finding: &Finding| waiting.set_message(format!("{} {}", finding.clause, finding.sentence));
            let report = conformance::run(&air.radio, &air.clock, wanted, &mut tell).await;
            let report = report.map_err(|error| radio_trouble(&error, Some(meant.kind)))?;
            waiting.finish_and_clear();
            return show(context, &report, meant.bond);
        }
        let mut prompt = |Prompt::Tap: Prompt| {
            // Where standard error is gone there is nobody to be told.
            waiting.suspend(|| writeln!(std::io::stderr(), "Touch the counter now.").ok());
        };
        let setup = |heard: &crate::radio::Heard| meant.setup(heard);
        let plain = conformance::plain(&air.radio, &air.clock, meant.kind, &wanted, setup, &mut prompt).await;
        let plain = plain.map_err(|error| radio_trouble(&error, Some(meant.kind)))?;
        waiting.finish_and_clear();
        show_plain(context, &plain, meant.kind, meant.bond)
    })
}

fn show(context: &Context, report: &Report, bond: Option<BondLevel>) -> anyhow::Result<Exit> {
    let count = |verdict: Verdict| report.findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (passed, failed, rest) = (count(Verdict::Pass), count(Verdict::Fail), count(Verdict::NotTestable));
    if context.global.json {
        super::print_json(&serde_json::json!({
            "passed": passed,
            "failed": failed,
            "not_testable": rest,
            "bond": bond,
            "findings": report.findings,
            "measured": report.measured,
        }))?;
    } else {
        let mut table = paint::table(&["clause", "", "what is asked", "what was seen"], &[]);
        for finding in &report.findings {
            let verdict = match finding.verdict {
                Verdict::Pass => "pass",
                Verdict::Fail => "FAIL",
                Verdict::NotTestable => "not testable here",
            };
            table.add_row([finding.clause, verdict, finding.sentence, &finding.seen]);
        }
        say(table)?;
        say("")?;
        for (what, value) in measured(&report.measured, bond) {
            say(format_args!("{what:<20} {value}"))?;
        }
        say(format_args!("\n{passed} passed, {failed} failed, {rest} not testable here."))?;
    }
    if failed > 0 && !context.global.quiet {
        writeln!(std::io::stderr(), "The clauses stand in firmware-protocol/README.md, by these numbers.")?;
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
}

fn measured(measured: &Measured, bond: Option<BondLevel>) -> Vec<(&'static str, String)> {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
    let drift = measured.drift_ppm.zip(measured.drift_known_to_ppm);
    let drift = drift.map_or_else(
        || "not known: needs clock settings an hour apart in one boot; test again later".to_owned(),
        |(ppm, known)| format!("{ppm:+.1} ppm ± {known:.1}"),
    );
    let epoch = measured.epoch_seconds.map_or_else(String::new, |seconds| format!(", epochs of {seconds} s"));
    vec![
        ("resolution class", or_unknown(measured.resolution_class.map(|class| format!("{class}{epoch}")))),
        ("clock drift", drift),
        (
            "clock error",
            measured.clock_moved_ms.map_or_else(
                || "the clock was not set before".to_owned(),
                |ms| format!("{} ms (the clock was moved by {ms} ms)", i64::from(ms).saturating_neg()),
            ),
        ),
        (
            "backlog",
            or_unknown(
                measured
                    .backlog_epochs
                    .zip(measured.backlog_days)
                    .map(|(epochs, days)| format!("{epochs} epochs, {days:.1} days of them recorded")),
            ),
        ),
        (
            "promised and lost",
            or_unknown(
                measured
                    .capacity_epochs
                    .zip(measured.lost_epochs)
                    .map(|(capacity, lost)| format!("{capacity} epochs at worst, {lost} lost so far")),
            ),
        ),
        ("battery", or_unknown(measured.battery_percent.map(|percent| format!("{percent} %")))),
        ("bond", bond_in_words(bond, measured.paired).to_owned()),
        ("MTU", or_unknown(measured.mtu.map(|mtu| mtu.to_string()))),
        (
            "transfer",
            or_unknown(
                measured.notifications_per_second.zip(measured.bytes_per_second).map(|(frames, bytes)| {
                    format!("{frames:.0} notifications and {bytes:.0} bytes of blocks a second")
                }),
            ),
        ),
    ]
}

fn bond_in_words(bond: Option<BondLevel>, paired: Option<bool>) -> &'static str {
    match (bond, paired) {
        (Some(BondLevel::Simulated), _) => "simulated",
        (Some(BondLevel::Passkey), Some(true)) => "paired with digits",
        (Some(BondLevel::JustWorks), Some(true)) => "paired without digits",
        (_, Some(true)) => "paired; how is not known here",
        (_, Some(false)) => "not paired",
        (_, None) => "not known",
    }
}

fn show_plain(context: &Context, plain: &Plain, kind: &Kind, bond: Option<BondLevel>) -> anyhow::Result<Exit> {
    let done = if plain.trouble.is_none() { Exit::Ok } else { Exit::Failed };
    if context.global.json {
        super::print_json(plain)?;
        return Ok(done);
    }
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
    let known_to = plain.clock_known_to_ms.unwrap_or_default();
    let memory = plain.memory_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    for (what, value) in [
        ("counter", or_unknown(plain.device.clone())),
        ("firmware", or_unknown(plain.firmware.clone())),
        ("resolution class", plain.resolution_class.to_string()),
        ("clock error", or_unknown(plain.clock_error_ms.map(|ms| format!("{ms} ms ± {known_to}")))),
        ("seen", format!("{} epochs, then stopped: none was acknowledged", plain.epochs_seen)),
        ("backlog after that", or_unknown(plain.backlog_epochs.map(|epochs| format!("{epochs} epochs")))),
        ("memory", or_unknown(memory.map(|memory| format!("{} days", memory.as_secs() / 86_400)))),
        ("battery", or_unknown(plain.battery_percent.map(|percent| format!("{percent} %")))),
        ("pairing", device::pairing(kind.bond).to_owned()),
        ("bond", bond_in_words(bond, Some(plain.paired)).to_owned()),
        ("MTU", plain.mtu.to_string()),
        ("unreadable", format!("{} deliveries", plain.unreadable)),
    ] {
        say(format_args!("{what:<20} {value}"))?;
    }
    say("\nNo clauses: these are for counters that speak the step-log protocol.")?;
    if let Some(trouble) = &plain.trouble {
        writeln!(std::io::stderr(), "brisk: the dialogue did not come to its end: {trouble}")?;
    }
    Ok(done)
}
