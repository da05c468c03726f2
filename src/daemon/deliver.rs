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
    // Each courier sees every wake, also one that comes while it takes a step.
    let mut woken = app.delivery_wake.subscribe();
    // Whether days may have changed since the last step.
    let mut look = false;
    loop {
        let (wait, idle) = if app.clock.synchronised() {
            match step(&app, &name, look).await {
                Step::Again(wait) => (wait, false),
                Step::Idle(wait) => (wait, true),
            }
        } else {
            (CLOCK_EVERY, look)
        };
        look = idle;
        tokio::select! {
            () = cancel.cancelled() => return,
            () = app.clock.sleep(wait) => {}
            _ = woken.changed() => look = true,
            _ = changes.changed(), if idle => {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = app.clock.sleep(pace * SETTLE_PACES) => {}
                }
                changes.mark_unchanged();
            }
        }
    }
}

/// One step, after looking for days where that is asked for; what is to be done next.
async fn step(app: &Arc<App>, name: &TargetName, look: bool) -> Step {
    let (asked, name) = (Arc::clone(app), name.clone());
    let step = tokio::task::spawn_blocking(move || {
        with_courier(&asked, &name, |courier, scope| {
            if look {
                courier.look();
            }
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
        Ok(Ok(step)) => step,
        Ok(Err(error)) => {
            tracing::error!(error, "days could not be brought to a trial database; they wait here");
            Step::Again(Duration::from_secs(3600))
        }
        Err(error) => {
            tracing::error!(%error, "the program failed inside while it brought days to a trial database; they wait here");
            Step::Again(Duration::from_secs(3600))
        }
    }
}
