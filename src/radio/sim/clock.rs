//! Simulated time: either free, moving only when somebody waits, or paced at a multiple of real time.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};

use crate::time::Clock;

/// A clock for the simulated air.
pub struct SimClock {
    start_us: i64,
    /// Microseconds that have been waited away; free mode only.
    waited_us: AtomicI64,
    pace: Option<Pace>,
    end_us: AtomicI64,
    synchronised: AtomicBool,
}

struct Pace {
    started: tokio::time::Instant,
    speed: f64,
}

impl SimClock {
    /// Time stands still until somebody waits, and then jumps.
    pub fn free(start: DateTime<Utc>) -> Self {
        Self {
            start_us: start.timestamp_micros(),
            waited_us: AtomicI64::new(0),
            pace: None,
            end_us: AtomicI64::new(i64::MAX),
            synchronised: AtomicBool::new(true),
        }
    }

    /// Time runs `speed` times as fast as outside.
    pub fn paced(start: DateTime<Utc>, speed: f64) -> Self {
        let pace = Pace { started: tokio::time::Instant::now(), speed };
        Self { pace: Some(pace), ..Self::free(start) }
    }

    /// Whether time stands still until somebody waits.
    pub fn is_free(&self) -> bool {
        self.pace.is_none()
    }

    /// From this moment on UTC stands still (waiting still takes time): the end of a script, after
    /// which nothing is known of the person.
    pub fn end_at(&self, end_us: i64) {
        self.end_us.store(end_us, Ordering::Relaxed);
    }

    /// Whether the host believes its own clock.
    pub fn set_synchronised(&self, synchronised: bool) {
        self.synchronised.store(synchronised, Ordering::Relaxed);
    }

    /// Microseconds since the Unix epoch.
    pub fn now_us(&self) -> i64 {
        (self.start_us + self.gone_us()).min(self.end_us.load(Ordering::Relaxed))
    }

    /// Lets time jump forward; without effect where time is paced.
    pub fn advance(&self, time: Duration) {
        if self.pace.is_none() {
            let us = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
            self.waited_us.fetch_add(us, Ordering::Relaxed);
        }
    }

    fn gone_us(&self) -> i64 {
        match &self.pace {
            None => self.waited_us.load(Ordering::Relaxed),
            Some(pace) => {
                let gone = pace.started.elapsed().mul_f64(pace.speed);
                i64::try_from(gone.as_micros()).unwrap_or(i64::MAX)
            }
        }
    }
}

impl Clock for SimClock {
    fn utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.now_us()).unwrap_or(DateTime::UNIX_EPOCH)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.gone_us()).unwrap_or(0))
    }

    fn synchronised(&self) -> bool {
        self.synchronised.load(Ordering::Relaxed)
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        match &self.pace {
            None => {
                self.advance(time);
                Box::pin(tokio::task::yield_now())
            }
            Some(pace) => Box::pin(tokio::time::sleep(time.div_f64(pace.speed))),
        }
    }
}
