//! `brisk demo`: the whole pipeline without a radio, a server or a question.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use clap::Args;

use super::{
    Context, Exit,
    client::Session,
    paint::{self, say},
    print_json, show,
};
use crate::{
    api::{App, Asked, StatusReply, TodayReply},
    batch,
    config::{self, Config, RadioKind},
    daemon::{self, Daemon, Home},
    days::DayBook,
    demo::{self, COUNTER, SECTORS},
    devices,
    goal::{DecidedBy, GoalVersion, Measure, Period, Weekdays, wording::number},
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

/// The simulated day has come this far when the demo begins: the walk is just ahead.
const BEGINS_AT_MIN: i64 = walker::WALK_BEGINS - 2;
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
    let config = settings(&play);
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

/// A plan from the first day on, so that there is something to set the minutes beside.
fn set_first_goal(book: &DayBook, now: DateTime<Utc>) -> anyhow::Result<()> {
    let person = book.person(None)?;
    if person.record.goals.versions().next().is_some() {
        return Ok(());
    }
    let first =
        book.span(&person, now)?.map_or_else(|| person.calendar.day_at(now.timestamp()).date, |(first, _)| first);
    let goal = GoalVersion {
        id: "g1".to_owned(),
        participant: person.id.clone(),
        measure: Measure::LeisureBriskMin,
        amount: 15,
        period: Period::Day,
        days: Weekdays::ALL,
        from: first,
        until: None,
        own_words: Some("Walk with my neighbour before supper".to_owned()),
        specific: None,
        when_where: None,
        relevant_because: None,
        confidence: Some(7),
        review_on: None,
        decided_by: DecidedBy::Person,
        therapist: None,
        stage: None,
        proposal: None,
    };
    book.decide(&person, crate::goal::Decision::GoalSet(goal), "demo", now)?;
    Ok(())
}

fn settings(play: &Play) -> Config {
    let mut config = Config::default();
    config.bluetooth.radio = RadioKind::Simulated;
    // The simulated person wears it all day and the simulated computer is always near.
    config.bluetooth.sync_every = Duration::from_secs(60);
    config.clock.start_of_day = play.calendar.home().start_of_day;
    config.person = vec![config::Person {
        id: play.person.clone(),
        zone: Some(play.calendar.home().zone),
        ..config::Person::default()
    }];
    config.counter = vec![config::Counter {
        id: COUNTER,
        label: Some("simulated counter".to_owned()),
        simulated_flash: Some(PathBuf::from("simulated-counter.flash")),
        ..config::Counter::default()
    }];
    config
}

/// Settings beside the data, so that other commands on the same folder know the person.
fn write_settings(config: &Config, dir: &Path) -> anyhow::Result<()> {
    let mut file = File::create(dir.join("brisk.toml"))?;
    file.write_all(config::show(config).as_bytes())?;
    Ok(())
}

/// Where a demo's data lies.
struct Folder {
    dir: PathBuf,
    /// Made for this run alone, and removed after it.
    passing: bool,
}

impl Folder {
    fn for_demo(context: &Context, args: &DemoArgs) -> anyhow::Result<Self> {
        let (dir, passing) = match &context.global.data {
            Some(dir) => (dir.clone(), false),
            None => (std::env::temp_dir().join(format!("brisk-demo-{}", std::process::id())), args.once),
        };
        if dir.join("journal").exists() {
            anyhow::bail!(
                "{} already holds readings, and a demo never mixes with them; nothing was changed. \
                 Name another folder with --data, or leave it out",
                dir.display()
            );
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .with_context(|| format!("cannot make the folder {}; name another with --data", dir.display()))?;
        Ok(Self { dir, passing })
    }

    fn tell(&self) -> std::io::Result<()> {
        let mut err = std::io::stderr();
        if self.passing {
            return Ok(());
        }
        let dir = self.dir.display();
        writeln!(err, "The data lies in {dir}. Try next, in another terminal:")?;
        for (command, what) in [
            ("week", "this week beside the plan"),
            ("status", "the counter and the daemon"),
            ("goal history", "the plan"),
        ] {
            writeln!(err, "  brisk {command} --data {dir}    {what}")?;
        }
        writeln!(err, "  brisk export days --format csv -o days --data {dir}    everything for a statistician")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.passing
            && let Err(error) = fs::remove_dir_all(&self.dir)
        {
            tracing::warn!(%error, dir = %self.dir.display(), "the demo's folder could not be removed");
        }
    }
}
