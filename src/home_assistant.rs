//! Today's numbers on a display of this home, by the household's own MQTT broker, in the way that Home Assistant finds
//! by itself. What is told is what the person's page Today shows; nothing of a study, no name and no counter's identity.
//! The broker keeps what there is to show, and no number: those are told again every minute.

mod broker;
mod memory;
mod message;

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::{
    broker::{Broker, Connection, Trouble},
    memory::Memory,
    message::{Node, Shown},
};
use crate::{
    api::{App, Problem},
    web::pages::today::{self, Numbers},
};

/// How often today is told again when nothing changed: a display that was started meanwhile has to learn of it, and
/// midnight comes. Of changes within this time the first is told at once and the rest together: a counter's minutes come
/// in many deliveries.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// First pause after an attempt that did not work; each further one doubles it …
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// … up to this.
const PAUSE_MOST: Duration = Duration::from_secs(5 * 60);

/// Tells until it is told to stop. Where the settings name another broker, or none any more, what was announced at the
/// former one is taken back once.
pub async fn watch(app: Arc<App>, cancel: CancellationToken) {
    let broker = Broker::of(&app.config.home_assistant);
    let (data_dir, current) = (app.data_dir.clone(), broker.clone());
    let memory = match tokio::task::spawn_blocking(move || Memory::open(&data_dir, current.as_ref())).await {
        Ok(Ok(Some(memory))) => memory,
        // Nobody is told anything, and nobody was.
        Ok(Ok(None)) => return,
        Ok(Err(error)) => {
            tracing::warn!(
                %error,
                "displays of this home are told nothing: {} cannot be kept. No reading is affected. `brisk doctor` looks \
                 at the disk",
                app.data_dir.join(memory::FILE).display()
            );
            return;
        }
        Err(error) => {
            tracing::error!(%error, "the program failed inside; displays of this home are told nothing");
            return;
        }
    };
    let node = memory.node();
    let telling = async {
        if let Some(broker) = &broker {
            tell(&app, broker, &node).await;
        }
    };
    tokio::select! {
        // The broker says by itself that nobody is there any more, see `Node::presence`.
        () = cancel.cancelled() => {}
        ((), ()) = async { tokio::join!(telling, take_back(&app, memory, broker.as_ref())) } => {}
    }
}

/// Tells one broker, and connects anew whenever the connection ends.
async fn tell(app: &Arc<App>, broker: &Broker, node: &Node) {
    let mut pause = Pause(PAUSE_FIRST);
    let mut known: Option<Trouble> = None;
    loop {
        let Err(trouble) = converse(app, broker, node, &mut pause, &mut known).await;
        if known.as_ref().is_none_or(|known| known.to_string() != trouble.to_string()) {
            tracing::warn!("{trouble}");
        }
        *app.broker_tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(Err(trouble.cause()));
        known = Some(trouble);
        app.clock.sleep(pause.take()).await;
    }
}

/// One connection, until it ends.
async fn converse(
    app: &Arc<App>,
    broker: &Broker,
    node: &Node,
    pause: &mut Pause,
    known: &mut Option<Trouble>,
) -> Result<Infallible, Trouble> {
    let mut changes = app.book.changes();
    let mut connection = Connection::open(broker, node.as_str(), Some(node.presence(false))).await?;
    connection.tell(vec![node.presence(true)]).await?;
    if known.take().is_some() {
        tracing::info!("the MQTT broker of this home can be reached again");
    }
    *app.broker_tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ok(()));
    let mut announced = Vec::new();
    let mut of_change: Option<Duration> = None;
    loop {
        let shown = look(app).await;
        let announcement = node.announcement(&shown);
        if announcement != announced {
            connection.tell(announcement.clone()).await?;
            announced = announcement;
        }
        connection.tell(vec![node.state(&shown)]).await?;

        let rested = of_change.is_none_or(|at| app.clock.monotonic().saturating_sub(at) >= TELL_EVERY);
        tokio::select! {
            trouble = connection.ended() => return Err(trouble),
            () = app.clock.sleep(TELL_EVERY) => {}
            () = changed(&mut changes), if rested => of_change = Some(app.clock.monotonic()),
        }
        changes.mark_unchanged();
        // It has lasted: the next pause is a short one again.
        *pause = Pause(PAUSE_FIRST);
    }
}

/// Takes back what was announced to brokers that the settings do not name any more. One that is not there is tried again
/// later, and none waits for it.
async fn take_back(app: &Arc<App>, mut memory: Memory, current: Option<&Broker>) {
    let mut pause = Pause(PAUSE_FIRST);
    let mut said = BTreeSet::new();
    let node = memory.node();
    loop {
        let former = memory.former(current);
        if former.is_empty() {
            return;
        }
        for broker in former {
            let taken = async {
                let mut connection = Connection::open(&broker, node.as_str(), None).await?;
                connection.tell(node.removal()).await
            };
            if let Err(trouble) = taken.await {
                if said.insert(broker.address.clone()) {
                    tracing::warn!(
                        "displays that listen to {} still know this program, and show nothing new of it: {trouble}",
                        broker.address
                    );
                }
                continue;
            }
            tracing::info!("displays that listen to {} have forgotten this program", broker.address);
            let forgotten = tokio::task::spawn_blocking(move || {
                let done = memory.forget(&broker.address);
                (memory, done)
            });
            match forgotten.await {
                Ok((kept, Ok(()))) => memory = kept,
                Ok((_, Err(error))) => {
                    tracing::warn!(%error, "that could not be noted; it is done once more after the next start");
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "the program failed inside; no reading is affected");
                    return;
                }
            }
        }
        if !memory.former(current).is_empty() {
            app.clock.sleep(pause.take()).await;
        }
    }
}

/// What may be shown now. What cannot be known, because the clock is not set or the disk fails, is unknown.
async fn look(app: &Arc<App>) -> Shown {
    let asked = Arc::clone(app);
    let looked = tokio::task::spawn_blocking(move || {
        let person = asked.book.person(asked.config.home_assistant.person.as_ref())?;
        let numbers = today::look(&asked, &person).map(|seen| seen.numbers);
        Ok::<_, Problem>((person.display, person.language, numbers))
    });
    match looked.await {
        Ok(Ok((display, language, numbers))) => Shown {
            display,
            language,
            numbers: numbers.unwrap_or_else(|problem| {
                tracing::debug!("displays are told that nothing is known: {}", problem.text);
                Numbers::default()
            }),
        },
        Ok(Err(problem)) => {
            tracing::debug!("displays are told nothing: {}", problem.text);
            Shown::nothing()
        }
        Err(error) => {
            tracing::error!(%error, "the program failed inside while it looked at today for a display");
            Shown::nothing()
        }
    }
}

/// Waits for a change; for ever when none can come any more.
async fn changed(changes: &mut watch::Receiver<()>) {
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Pauses between attempts, each twice as long as the one before.
struct Pause(Duration);

impl Pause {
    fn take(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(PAUSE_MOST);
        now
    }
}
