//! `brisk device`: which counters there are, which are in reach, pairing, whose they are.

use std::{
    io::{BufRead as _, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use firmware_protocol::device::{BondNeed, KINDS, KeyNeed};
use firmware_protocol::driver::Resolution;

use super::{
    Context, Exit,
    client::Session,
    device_capture, device_test,
    paint::{self, say},
    print_json, show,
};
use crate::{
    api::{
        Asked, StatusReply,
        devices::{AssignRequest, DoneReply, HeardReply, PairAnswer, ScanRequest, WhichDevice},
    },
    conformance::class,
    model::ParticipantId,
    pairing::{Ask, PairRequest, PairState},
    store::BondLevel,
};

#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// The counters of this home, and others whose data are here
    List,
    /// The kinds of counters that can be read, and what each can tell
    Kinds,
    /// Counters in reach
    Scan {
        /// How long to listen, seconds
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=60))]
        seconds: u64,
    },
    /// Pair a counter and bring in what it has. Also repairs a lost pairing; no data are touched
    Pair(PairArgs),
    /// Do not look for a counter any more, and drop its keys. Its data are kept
    Forget {
        /// The counter's id, as `brisk device list` shows it
        id: String,
    },
    /// Say whose a counter is from a day on
    Assign {
        /// The counter's id, as `brisk device list` shows it
        id: String,
        /// Whose [default: nobody's]
        #[arg(long)]
        person: Option<String>,
        /// First day, as YYYY-MM-DD
        #[arg(long)]
        from: Option<NaiveDate>,
    },
    /// Test a counter against the specification of the step-log protocol, clause by clause; of other counters, see
    /// what one dialogue shows. No data are lost, and other hosts notice nothing
    Test(device_test::TestArgs),
    /// Record one dialogue with a counter in a file, for a bug report or a test; nothing is stored here, and no
    /// reading is acknowledged
    Capture(device_capture::CaptureArgs),
    /// Play a recorded dialogue to the driver of this version, and show what it would have stored
    Replay(device_capture::ReplayArgs),
}

#[derive(Debug, Args)]
pub struct PairArgs {
    /// Its address, as `brisk device scan` shows it [default: the only one in reach]
    address: Option<String>,
    /// What kind it is, where that is not clear
    #[arg(long)]
    kind: Option<String>,
    /// Whose it is [default: the only person]
    #[arg(long)]
    person: Option<String>,
    /// First day on which it is theirs, as YYYY-MM-DD
    #[arg(long)]
    from: Option<NaiveDate>,
    /// What to call it
    #[arg(long)]
    label: Option<String>,
    /// File with the key that its maker gave its owner: 32 hexadecimal digits; "-" reads standard input
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Runs the command.
pub fn device(context: &Context, command: DeviceCommand) -> anyhow::Result<Exit> {
    match command {
        DeviceCommand::List => super::with_session(context, |session| list(context, session)),
        DeviceCommand::Kinds => kinds(context),
        DeviceCommand::Scan { seconds } => super::with_session(context, |session| scan(context, session, seconds)),
        DeviceCommand::Pair(args) => super::with_session(context, |session| pair(context, session, args)),
        DeviceCommand::Forget { id } => super::with_session(context, |session| {
            done(context, session.post("devices/forget", &WhichDevice { device: id })?)
        }),
        DeviceCommand::Assign { id, person, from } => super::with_session(context, |session| {
            let person = person.map(|person| person.parse::<ParticipantId>()).transpose()?;
            done(context, session.post("devices/assign", &AssignRequest { device: id, person, from })?)
        }),
        DeviceCommand::Test(args) => device_test::test(context, &args),
        DeviceCommand::Capture(args) => device_capture::capture(context, &args),
        DeviceCommand::Replay(args) => device_capture::replay(context, &args),
    }
}

fn done(context: &Context, reply: DoneReply) -> anyhow::Result<Exit> {
    if context.global.json {
        print_json(&reply)?;
    } else {
        say(reply.done)?;
    }
    Ok(Exit::Ok)
}

fn list(context: &Context, session: &Session) -> anyhow::Result<Exit> {
    let reply: StatusReply = session.get("status", &Asked::default())?;
    if context.global.json {
        print_json(&reply.counters)?;
    } else {
        show::counters(&reply.counters)?;
    }
    Ok(if reply.counters.is_empty() { Exit::Nothing } else { Exit::Ok })
}

fn kinds(context: &Context) -> anyhow::Result<Exit> {
    if context.global.json {
        let kinds: Vec<_> = KINDS
            .iter()
            .map(|kind| {
                serde_json::json!({
                    "kind": kind.name,
                    "label": kind.label,
                    "resolution_class": class(kind.resolution),
                    "memory_days": kind.memory_days,
                    "pairing": pairing(kind.bond),
                    "key": key(kind.key),
                    "can": kind.can.iter().map(|a| serde_json::json!({"what": a.what, "implemented": a.implemented})).collect::<Vec<_>>(),
                    "not_known": kind.not_known,
                })
            })
            .collect();
        print_json(&kinds)?;
        return Ok(Exit::Ok);
    }
    let mut table = paint::table(&["kind", "counter", "tells", "keeps", "pairing", "key"], &[]);
    for kind in KINDS {
        table.add_row([
            kind.name.to_owned(),
            kind.label.to_owned(),
            tells(kind.resolution).to_owned(),
            kind.memory_days.map_or_else(|| "–".to_owned(), |days| format!("{days} days")),
            pairing(kind.bond).to_owned(),
            key(kind.key).to_owned(),
        ]);
    }
    say(table)?;
    say("docs/devices.md says which to choose for what, and how each is paired.")?;
    Ok(Exit::Ok)
}

fn tells(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Minute => "M: each minute, afterwards",
        Resolution::Coarse => "H: longer spans, afterwards",
        Resolution::Counter => "C: only what it counts while in reach",
    }
}

pub fn pairing(need: BondNeed) -> &'static str {
    match need {
        BondNeed::Required => "by the system",
        BondNeed::Optional => "not needed",
        BondNeed::Harmful => "its own way",
    }
}

fn key(need: KeyNeed) -> &'static str {
    match need {
        KeyNeed::None => "none",
        KeyNeed::MadeHere => "made here",
        KeyNeed::FromOwner => "from its maker",
    }
}

fn scan(context: &Context, session: &Session, seconds: u64) -> anyhow::Result<Exit> {
    let waiting = super::spinner(context, "listening for counters");
    let heard: Vec<HeardReply> = session.post("devices/scan", &ScanRequest { seconds })?;
    waiting.finish_and_clear();
    if context.global.json {
        print_json(&heard)?;
    } else if heard.is_empty() {
        say("No counter was heard. Wake it, bring it near, and close other apps that use it; then try again.")?;
    } else {
        let mut table = paint::table(&["address", "name", "looks like", "strength", "paired"], &[3]);
        for one in &heard {
            table.add_row([
                one.address.clone(),
                one.name.clone().unwrap_or_default(),
                one.label.clone(),
                one.rssi_dbm.map_or_else(|| "–".to_owned(), |dbm| format!("{dbm} dBm")),
                if one.paired { "yes" } else { "no" }.to_owned(),
            ]);
        }
        say(table)?;
        say(
            "Anybody can give a device any name: whose counter it is shows only when it is paired. Next: `brisk device pair ADDRESS`.",
        )?;
    }
    Ok(if heard.is_empty() { Exit::Nothing } else { Exit::Ok })
}

fn pair(context: &Context, session: &Session, args: PairArgs) -> anyhow::Result<Exit> {
    let request = PairRequest {
        address: args.address,
        kind: args.kind,
        person: args.person.map(|person| person.parse()).transpose()?,
        from: args.from,
        label: args.label,
        key: args.key_file.as_deref().map(read_key).transpose()?,
    };
    let mut state: PairState = session.post("devices/pair", &request)?;
    let waiting = super::spinner(context, "");
    let mut asked = None;
    loop {
        match &state {
            PairState::Idle | PairState::Listening => waiting.set_message("listening for the counter"),
            PairState::Pairing => waiting.set_message("connecting"),
            PairState::Reading { stored, remaining } => waiting.set_message(match remaining {
                Some(left) => format!("bringing in minutes: {stored} stored, {left} to go"),
                None => format!("bringing in minutes: {stored} stored"),
            }),
            PairState::Asking { ask, .. } if asked != Some(*ask) => {
                asked = Some(*ask);
                if let Some(answer) = waiting.suspend(|| put(*ask))? {
                    state = session.post("devices/pairing/answer", &answer)?;
                    continue;
                }
            }
            PairState::Asking { .. } => {}
            PairState::Done { .. } | PairState::Failed { .. } => break,
        }
        session.pause(Duration::from_millis(150));
        // A daemon that took the new counter in is wired anew; its socket is back in a moment.
        state = if let Ok(state) = session.get("devices/pairing", &Asked::default()) {
            state
        } else {
            session.pause(Duration::from_secs(1));
            session.get("devices/pairing", &Asked::default())?
        };
    }
    waiting.finish_and_clear();
    finish(context, &state)
}

fn finish(context: &Context, state: &PairState) -> anyhow::Result<Exit> {
    if context.global.json {
        print_json(state)?;
    }
    match state {
        PairState::Done { device, kind, bond, person, notes, .. } => {
            if !context.global.json {
                let whose =
                    person.as_ref().map_or_else(|| "nobody yet".to_owned(), |person| person.as_str().to_owned());
                let how = match bond {
                    BondLevel::Passkey => "paired with digits",
                    BondLevel::JustWorks => "paired without digits",
                    BondLevel::None => "not paired by the system",
                    BondLevel::Simulated => "simulated",
                };
                say(format_args!("Paired: {kind} {device}, worn by {whose}, {how}."))?;
                for note in notes {
                    say(note)?;
                }
            }
            Ok(Exit::Ok)
        }
        PairState::Failed { sentence, heard, .. } => {
            if !context.global.json {
                writeln!(std::io::stderr(), "brisk: {sentence}")?;
                for address in heard {
                    writeln!(std::io::stderr(), "  {address}")?;
                }
            }
            Ok(Exit::Failed)
        }
        _ => bail!("the pairing was lost sight of; `brisk device list` shows whether it succeeded"),
    }
}

/// Asks the person; none when there is nothing to answer.
fn put(ask: Ask) -> anyhow::Result<Option<PairAnswer>> {
    match ask {
        Ask::TypeDigits => {
            let typed = prompt("The counter shows six digits. Type them within 30 seconds: ")?;
            let digits = typed.chars().filter(|c| !c.is_whitespace()).collect::<String>().parse();
            Ok(Some(digits.map_or(PairAnswer::No, PairAnswer::Digits)))
        }
        Ask::Compare { digits } => {
            let typed = prompt(&format!("Does the counter show {digits:06}? [y/N] "))?;
            let same = matches!(typed.trim().to_lowercase().as_str(), "y" | "yes");
            Ok(Some(if same { PairAnswer::Yes } else { PairAnswer::No }))
        }
        Ask::Show { digits } => {
            writeln!(std::io::stderr(), "Type these digits into the counter: {digits:06}")?;
            Ok(None)
        }
        Ask::Tap => {
            writeln!(std::io::stderr(), "Touch the counter now: it vibrates or shows a question.")?;
            Ok(None)
        }
    }
}

fn prompt(text: &str) -> anyhow::Result<String> {
    write!(std::io::stderr(), "{text}")?;
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    if line.is_empty() && !std::io::stdin().is_terminal() {
        writeln!(std::io::stderr(), "\n(nothing was typed: standard input is at its end)")?;
    }
    Ok(line)
}

/// The key is a secret: from a file or standard input, never from an argument.
fn read_key(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().read_line(&mut text)?;
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read the key in {}", path.display()))?;
        file.take(1024).read_to_string(&mut text)?;
    }
    Ok(text.trim().to_owned())
}
