//! A notice on the desktop: the real daemon, a message bus of the test's own, and what a desktop has on it.

#[path = "support/bus.rs"]
mod bus;
mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use dbus::{
    arg::PropMap,
    blocking::LocalConnection,
    channel::{Channel, MatchingReceiver as _},
    message::MatchRule,
};
use dbus_crossroads::Crossroads;
use support::{Home, PATIENCE};

/// What a desktop was asked to show.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    summary: String,
    body: String,
}

type Notify = (String, u32, String, String, String, Vec<String>, PropMap, i32);

/// The object that shows notices on a desktop.
struct Desktop {
    shown: mpsc::Receiver<Shown>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Desktop {
    fn on(address: &str) -> Self {
        let (sender, shown) = mpsc::channel();
        let (ready, is_ready) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (address, stopped) = (address.to_owned(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut channel = Channel::open_private(&address).unwrap();
            channel.register().unwrap();
            let connection = LocalConnection::from(channel);
            connection.request_name("org.freedesktop.Notifications", false, true, false).unwrap();
            let mut objects = Crossroads::new();
            let interface = objects.register("org.freedesktop.Notifications", move |interface| {
                let (given, returned) =
                    (("app", "id", "icon", "summary", "body", "actions", "hints", "timeout"), ("id",));
                interface.method("Notify", given, returned, move |_, (): &mut (), notice: Notify| {
                    sender.send(Shown { summary: notice.3, body: notice.4 }).ok();
                    Ok((1_u32,))
                });
            });
            objects.insert("/org/freedesktop/Notifications", &[interface], ());
            connection.start_receive(
                MatchRule::new_method_call(),
                Box::new(move |message, connection| {
                    objects.handle_message(message, connection).ok();
                    true
                }),
            );
            ready.send(()).unwrap();
            while !stopped.load(Ordering::Relaxed) {
                connection.process(Duration::from_millis(50)).unwrap();
            }
        });
        is_ready.recv().unwrap();
        Self { shown, stop, thread: Some(thread) }
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[test]
fn a_new_day_is_told_on_the_desktop_without_a_number() {
    let home = Home::new();
    home.fill_flash(&support::days_until_now(1, 1));
    home.change_settings(|settings| format!("{settings}\n[notify]\npatient = true\nquiet = \"none\"\n"));
    let goal = home.run(&["goal", "set", "--amount", "300"]);
    assert_eq!(goal.code, Some(0), "{}", goal.err);
    let (mut bus, address) = bus::start(&bus::configure(home.path("").as_path()));
    let desktop = Desktop::on(&address);

    let mut command = home.brisk(&["run"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", &address);
    let daemon = home.daemon_by(command);
    let shown = desktop.shown.recv_timeout(PATIENCE);
    let notices = home.ask("notices");
    daemon.terminate();
    bus.kill().unwrap();
    bus.wait().unwrap();

    let body = "A new day. Your plan is here, whenever it suits you.";
    assert_eq!(shown, Ok(Shown { summary: "Brisk".to_owned(), body: body.to_owned() }));
    assert_eq!(notices["notice"], body);
}

#[test]
fn without_a_desktop_the_page_alone_tells_it() {
    let home = Home::new();
    home.fill_flash(&support::days_until_now(1, 1));
    home.change_settings(|settings| format!("{settings}\n[notify]\npatient = true\nquiet = \"none\"\n"));
    home.run(&["goal", "set", "--amount", "300"]);

    let daemon = home.daemon();
    let notice = support::until("the notice stands in the record", || {
        let notices = home.ask("notices");
        notices["notice"].as_str().map(str::to_owned)
    });
    let log = daemon.log();
    daemon.terminate();

    assert!(notice.starts_with("A new day."), "{notice}");
    assert!(!log.contains("panicked"), "{log}");
}
