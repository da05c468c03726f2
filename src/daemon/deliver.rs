//! One task for each trial database: takes the next step when it may be taken, and waits in between.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    api::{App, targets::with_courier},
    config::TargetName,
    delivery::Step,
};

/// After something changed, so many times the pace nothing is looked for: a counter's minutes come in many deliveries.
const SETTLE_PACES: u32 = 10;
/// How often it is looked whether the clock can be believed by now.
const CLOCK_EVERY: Duration = Duration::from_secs(10);

/// Brings days to a database until it is told to stop.
pub async fn deliver(app: Arc<App>, name: TargetName, pace: Duration, cancel: CancellationToken) {
    let mut changes = app.book.changes();
    loop {
        let wait = if app.clock.synchronised() { step(&app, &name).await } else { Some(CLOCK_EVERY) };
        let (wait, idle) = match wait {
            Some(wait) => (wait, false),
            None => (Duration::from_secs(3600), true),
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            () = app.clock.sleep(wait) => {}
            () = app.delivery_wake.notified() => {}
            _ = changes.changed(), if idle => {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = app.clock.sleep(pace * SETTLE_PACES) => {}
                }
                changes.mark_unchanged();
            }
        }
        if idle && let Some(mut courier) = app.deliveries.courier(&name) {
            courier.look();
        }
    }
}

/// One step; how long to wait for the next, or none when nothing is to be done until something changes.
async fn step(app: &Arc<App>, name: &TargetName) -> Option<Duration> {
    let (asked, name) = (Arc::clone(app), name.clone());
    let step = tokio::task::spawn_blocking(move || {
        with_courier(&asked, &name, |courier, scope| {
            let before = courier.condition().trouble.clone();
            let step = courier.step(scope)?;
            let trouble = &courier.condition().trouble;
            if *trouble != before {
                if let Some(trouble) = trouble {
                    tracing::warn!(target = name.as_str(), "days wait here; `brisk study status` says why");
                    // A database may repeat what it was sent.
                    tracing::debug!(target = name.as_str(), "{trouble}");
                } else {
                    tracing::info!(target = name.as_str(), "the trial database can be reached again");
                }
            }
            Ok(step)
        })
        .map_err(|problem| problem.text)
    });
    match step.await {
        Ok(Ok(Step::Again(wait))) => Some(wait),
        Ok(Ok(Step::Idle(_))) => None,
        Ok(Err(error)) => {
            tracing::error!(error, "days could not be brought to a trial database; they wait here");
            Some(Duration::from_secs(3600))
        }
        Err(error) => {
            tracing::error!(%error, "the program failed inside while it brought days to a trial database; they wait here");
            Some(Duration::from_secs(3600))
        }
    }
}
