//! `brisk demo`: the whole pipeline without a radio, a server or a question.

mod folder;
mod life;

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveTime, TimeDelta};
use clap::Args;

use self::{
    folder::Folder,
    life::{set_first_goal, settings, write_diary, write_settings},
};
use super::{
    Context, Exit,
    client::Session,
    paint::{self, say},
    print_json, show,
};
use crate::{
    api::{App, Asked, StatusReply, TodayReply},
    batch,
    config::{self, Config},
    daemon::{self, Daemon, Home},
    days::DayBook,
    demo::{self, COUNTER, SECTORS},
    devices,
    goal::wording::number,
    model::{DayTotal, ParticipantId},
    radio::{
        any::AnyRadio,
        sim::{
            SharedFarEnd, SimRadio, Weather,
            clock::SimClock,
            counter::SimCounter,
            flash::SimFlash,
            walker::{self, ScriptMinute},
        },
    },
    store::Store,
    time::{Calendar, Clock as _, LocalDay, SystemClock, Zone},
};

/// The simulated day has come this far when the demo begins: the walk is under way.
const BEGINS_AT_MIN: i64 = walker::WALK_BEGINS + 3;
/// How often the live line is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the demo plays.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Play a person's minutes from a CSV file (plain or .gz) instead of the simulated walker's
    #[arg(long, value_name = "FILE", requires = "participant")]
    replay: Option<PathBuf>,
    /// Whose minutes in that file
    #[arg(long, value_name = "ID", requires = "replay")]
    participant: Option<ParticipantId>,
    /// Days of history that the simulated counter brings
    #[arg(long, value_name = "N", default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=366), conflicts_with = "replay")]
    days: u16,
    /// Bring everything in, print the days, and end
    #[arg(long)]
    once: bool,
    /// How much faster than real time the simulated day passes
    #[arg(long, value_name = "X", default_value_t = 60.0, value_parser = parse_speed, conflicts_with = "once")]
    speed: f64,
    /// Address of the page [default: 127.0.0.1:8791, or any free port when that is taken]
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "once")]
    listen: Option<SocketAddr>,
    /// Show the page's address, and open no browser
    #[arg(long, conflicts_with = "once")]
    no_open: bool,
    /// Rough air and mishaps from this seed; the days come out the same
    #[arg(long, value_name = "SEED", requires = "once")]
    faults: Option<u64>,
}

fn parse_speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=3600.0).contains(&speed) => Ok(speed),
        _ => Err("a speed is a number from 0.1 to 3600".to_owned()),
    }
}

/// A script of minutes, whose they are, and where in it the present is.
struct Play {
    script: Vec<ScriptMinute>,
    person: ParticipantId,
    calendar: Calendar,
    /// UTC minute at which history ends and the live part begins.
    now: i64,
}

/// `brisk demo`
pub fn demo(context: &Context, args: &DemoArgs) -> anyhow::Result<Exit> {
    let play = play(args)?;
    let folder = Folder::for_demo(context, args)?;
    if args.once { once(context, args, play, &folder) } else { live(context, args, play, &folder) }
}

fn play(args: &DemoArgs) -> anyhow::Result<Play> {
    if let (Some(file), Some(person)) = (&args.replay, &args.participant) {
        let calendar = Calendar::midnight(Zone::AS_IT_STANDS);
        let minutes = batch::participant_minutes(file, person)?;
        let script: Vec<_> = minutes
            .into_iter()
            .map(|(at, steps)| ScriptMinute { at, steps, wear: crate::model::Wear::Unknown })
            .collect();
        let last = script.last().ok_or(demo::DemoError::Empty)?;
        let now = calendar.day_at(last.at * 60).first_minute().max(script.first().map_or(0, |first| first.at + 1));
        return Ok(Play { script, person: person.clone(), calendar, now });
    }
    let calendar = Calendar::midnight(Zone::of_this_machine());
    let today = calendar.day_at(SystemClock::new(Duration::ZERO, DateTime::UNIX_EPOCH).utc().timestamp());
    let now = minute_of_day(&calendar, &today, BEGINS_AT_MIN);
    let from = calendar.day(today.date - Days::new(args.days.into())).first_minute();
    let to = if args.once { now } else { today.end_minute() };
    // Whoever has planned a walk for today.
    let walks = |seed: &u64| walker::script(*seed, &calendar, now, today.end_minute()).iter().any(|m| m.steps >= 100);
    let seed = (20..1_000).find(walks).unwrap_or_default();
    let script = walker::script(seed, &calendar, from, to);
    Ok(Play { script, person: config::Person::default().id, calendar, now })
}

fn minute_of_day(calendar: &Calendar, day: &LocalDay, minute: i64) -> i64 {
    let time = NaiveTime::MIN + TimeDelta::minutes(minute);
    Calendar::new(calendar.home().zone, time).day(day.date).first_minute()
}

/// Everything, as fast as it goes.
fn once(context: &Context, args: &DemoArgs, play: Play, folder: &Folder) -> anyhow::Result<Exit> {
    let store = demo::open_store(&folder.dir)?;
    let script_end = play.script.last().map_or(0, |last| last.at + 1);
    let config = settings(&play);
    write_settings(&config, &folder.dir)?;
    let waiting = super::spinner(context, "living through the script, minute by minute");
    let played = daemon::runtime()?.block_on(demo::play(&store, play.script, args.faults))?;
    waiting.finish_and_clear();
    let book = DayBook::new(store, devices::people(&config, &devices::counters(&config, &[])), config.rules())?;
    let rows = if args.replay.is_some() {
        demo::closed_rows(&book, script_end)?
    } else {
        let now = DateTime::from_timestamp(script_end * 60, 0).unwrap_or_default();
        let person = book.person(None)?;
        set_first_goal(&book, now)?;
        book.rows(&person, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX, now)?
    };
    if context.global.json {
        print_json(&rows)?;
        return Ok(Exit::Ok);
    }
    table(&rows)?;
    if !context.global.quiet {
        let mut err = std::io::stderr();
        writeln!(err, "\n{} minutes came in over {} connections.", played.epochs, played.dialogues)?;
        if args.faults.is_some() {
            let kinds: Vec<_> = played.faults.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
            writeln!(err, "On the way: {}.", kinds.join(", "))?;
        }
        folder.tell()?;
    }
    Ok(Exit::Ok)
}

/// History at once, then the simulated day as it passes.
fn live(context: &Context, args: &DemoArgs, play: Play, folder: &Folder) -> anyhow::Result<Exit> {
    let mut config = settings(&play);
    config.web.listen = page_address(args.listen, &config.web.listen);
    write_settings(&config, &folder.dir)?;
    let runtime = daemon::runtime()?;
    let now = DateTime::from_timestamp(play.now * 60, 0).unwrap_or_default();
    let (daemon, app, socket) = runtime.block_on(async { start(args, play, &config, folder) })?;
    let talk = !context.global.quiet;
    if talk {
        writeln!(
            std::io::stderr(),
            "A simulated person with a simulated counter: no radio, nothing real. Their day passes {} times as fast as yours.",
            args.speed
        )?;
    }
    let (tracker, cancel) = daemon;
    let session = Session::open(&config, &folder.dir, None)?;
    first_contact(context, &session, &runtime)?;
    set_first_goal(&app.book, now)?;
    if args.replay.is_none() {
        write_diary(&app.book, now)?;
    }
    let url = app.door.url();
    if let Some(url) = url.as_ref().filter(|_| !args.no_open && context.talks()) {
        open_in_browser(url);
    }
    let rows = session.days(&Asked::default())?;
    if context.global.json {
        print_json(&rows)?;
    } else {
        table(&rows)?;
        let today: TodayReply = session.get("today", &Asked::default())?;
        say(format_args!("\n{}\n", show::today_text(&today)))?;
    }
    if talk {
        folder.tell()?;
        if let Some(url) = &url {
            writeln!(std::io::stderr(), "Their page, for your browser: {url}")?;
        }
        writeln!(std::io::stderr(), "To stop: Ctrl-C.\n")?;
    }
    let ended = watch(context, &session, &runtime);
    runtime.block_on(daemon::end(&tracker, &cancel));
    daemon::remove_socket(&socket);
    ended?;
    if talk {
        writeln!(std::io::stderr(), "\nStopped. Everything that arrived is kept in {}.", folder.dir.display())?;
    }
    Ok(Exit::Ok)
}

/// Where the page is to be: as asked, else at the usual port, else wherever there is room.
fn page_address(asked: Option<SocketAddr>, usual: &str) -> String {
    match asked {
        Some(address) => address.to_string(),
        None if TcpListener::bind(usual).is_ok() => usual.to_owned(),
        None => "127.0.0.1:0".to_owned(),
    }
}

/// Where there is a desktop, its browser opens the page; elsewhere its address is enough.
fn open_in_browser(url: &str) {
    if !["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some()) {
        return;
    }
    let opened =
        Command::new("xdg-open").arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if let Err(error) = opened {
        tracing::debug!(%error, "no browser was opened");
    }
}

type Running = (tokio_util::task::TaskTracker, tokio_util::sync::CancellationToken);

/// Starts a daemon on the simulated air. Must run inside the runtime.
fn start(
    args: &DemoArgs,
    play: Play,
    config: &Config,
    folder: &Folder,
) -> anyhow::Result<(Running, Arc<App>, PathBuf)> {
    let (store, report) = Store::open(&folder.dir)?;
    let store = Arc::new(store);
    let now = DateTime::from_timestamp(play.now * 60, 0).unwrap_or_default();
    let clock = Arc::new(SimClock::paced(now, args.speed));
    let end_us = play.script.last().map_or(0, |last| (last.at + 1) * 60_000_000);
    clock.end_at(end_us);

    let flash = SimFlash::new_file(&folder.dir.join("simulated-counter.flash"), SECTORS)
        .context("cannot make the simulated counter's flash; is the disk full?")?;
    let began_us = play.script.first().map_or(0, |first| first.at * 60_000_000);
    let mut counter =
        SimCounter::new(COUNTER, flash, play.script, began_us, None, 0).map_err(demo::DemoError::Flash)?;
    counter.live_to(now.timestamp_micros()).map_err(demo::DemoError::Flash)?;
    let air = BTreeMap::from([(COUNTER.to_string(), Arc::new(Mutex::new(counter)) as SharedFarEnd)]);
    let radio = AnyRadio::Simulated(SimRadio::new(Arc::clone(&clock), air, Weather::calm()));

    let counters = devices::counters(config, &store.decisions()?);
    let home = Home::new(store, config.clone(), clock, radio, folder.dir.clone()).into_open_house()?;
    let mut daemon = Daemon::new(home, &counters, crate::api::opening_notes(&report))?;
    daemon.supervise_all(&counters);
    let running = (daemon.tracker.clone(), daemon.cancel.clone());
    let socket = folder.dir.join("brisk.sock");
    let app = daemon.serve(&socket)?;
    Ok((running, app, socket))
}

/// Waits until the history is in, with a sign of life.
fn first_contact(context: &Context, session: &Session, runtime: &tokio::runtime::Runtime) -> anyhow::Result<()> {
    let waiting = super::spinner(context, "the counter is bringing in its minutes");
    loop {
        let status: StatusReply = session.get("status", &Asked::default())?;
        let complete =
            status.counters.iter().all(|c| c.doing.as_ref().is_some_and(|doing| doing.last_complete.is_some()));
        if complete {
            waiting.finish_and_clear();
            return Ok(());
        }
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
    }
}

/// Shows today as it grows, until Ctrl-C.
fn watch(context: &Context, session: &Session, runtime: &tokio::runtime::Runtime) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = runtime.block_on(async {
        Ok::<_, std::io::Error>((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    })?;
    let line = super::spinner(context, "");
    let mut last = String::new();
    loop {
        let stopped = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            }
        });
        if stopped {
            line.finish_and_clear();
            return Ok(());
        }
        let today: TodayReply = session.get("today", &Asked::default())?;
        let text = live_line(&today);
        if context.talks() {
            line.set_message(text);
        } else if text != last && !context.global.quiet && !context.global.json {
            say(&text)?;
            last = text;
        }
    }
}

fn live_line(today: &TodayReply) -> String {
    let steps = today.row.as_ref().and_then(|row| row.total_steps).map_or_else(String::new, number);
    let heard = today.last_heard.map_or_else(String::new, |at| at.format("%H:%M").to_string());
    let bar = match (today.done, today.target) {
        (Some(done), Some(target)) => paint::bar(done, target),
        _ => String::new(),
    };
    format!("{heard}  {bar}  {steps} steps  {}", today.sentence)
}

fn table(rows: &[DayTotal]) -> anyhow::Result<()> {
    say(paint::days(rows))?;
    Ok(())
}
