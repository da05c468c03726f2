//! Other computers let in, for a while and on purpose.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{store::Decided, time::Clock};

/// The end is looked for at least this often, so that a computer that slept through it closes soon after.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A decision about who may come in. It stands in the journal beside people's decisions, with who took it and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "web_decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum WebDecision {
    /// Other computers are let in.
    Exposed {
        /// Until then; none for until it is switched off.
        until: Option<DateTime<Utc>>,
    },
    /// They are not.
    Closed,
}

impl WebDecision {
    /// The last decision of this kind.
    pub fn last(decided: &[Decided]) -> Option<Self> {
        decided.iter().rev().find_map(|decided| serde_json::from_str(&decided.json).ok())
    }
}

/// When other computers were let in, from when until when, in order; without an end while nothing ends it.
pub fn exposures(decided: &[Decided]) -> Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    let mut times: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> = Vec::new();
    for decided in decided {
        let Ok(decision) = serde_json::from_str::<WebDecision>(&decided.json) else { continue };
        if let Some((_, until)) = times.last_mut() {
            *until = Some(until.map_or(decided.at, |until| until.min(decided.at)));
        }
        if let WebDecision::Exposed { until } = decision {
            times.push((decided.at, until));
        }
    }
    times
}

/// Other computers are let in just now.
#[derive(Clone)]
pub struct Exposure {
    /// Until then; none for until it is switched off.
    pub until: Option<DateTime<Utc>>,
    /// The same by the clock that nobody sets.
    pub(super) ends: Option<Duration>,
    /// Where they ask.
    pub listener: Arc<std::net::TcpListener>,
    /// Cuts every connection of theirs.
    pub cut: CancellationToken,
}

impl Exposure {
    /// Waits until it is over, by time or because somebody ended it.
    pub async fn over(&self, clock: &dyn Clock) {
        loop {
            let Some(left) = self.left(clock) else { return self.cut.cancelled().await };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = self.cut.cancelled() => return,
                () = clock.sleep(left.min(LOOK_EVERY)) => {}
            }
        }
    }

    /// How much time is left by whichever clock has gone further; none when there is no end.
    fn left(&self, clock: &dyn Clock) -> Option<Duration> {
        let by_date = (self.until? - clock.utc()).to_std().unwrap_or_default();
        Some(self.ends?.saturating_sub(clock.monotonic()).min(by_date))
    }
}

/// Whether an address is one of a home network: what a router gives out, and what a machine gives itself.
pub fn is_of_a_home(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// The address of this machine that others would reach, as far as the system knows a way out. Nothing is sent.
pub fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // An address that is reserved for documentation: nobody has it.
    socket.connect(SocketAddr::from(([192, 0, 2, 1], 9))).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_loopback() && !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_home_are_told_from_those_of_the_world() {
        for home in ["127.0.0.1", "192.168.1.7", "10.0.0.1", "172.16.5.5", "169.254.9.9", "::1", "fe80::1", "fd12::1"] {
            assert!(is_of_a_home(home.parse().unwrap()), "{home}");
        }
        for world in ["8.8.8.8", "172.32.0.1", "192.169.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!is_of_a_home(world.parse().unwrap()), "{world}");
        }
    }

    #[test]
    fn each_time_for_other_computers_ends_by_its_own_end_or_by_the_next_decision() {
        let at = |s: i64| DateTime::from_timestamp(1_790_000_000 + s, 0).unwrap();
        let decided = |s: i64, decision: &WebDecision| Decided {
            ordinal: 0,
            at: at(s),
            actor: "page".to_owned(),
            json: serde_json::to_string(decision).unwrap(),
        };
        let open = |until: Option<i64>| WebDecision::Exposed { until: until.map(at) };
        let list = [
            decided(0, &open(Some(100))),
            decided(200, &open(Some(500))),
            decided(300, &open(None)),
            decided(400, &WebDecision::Closed),
            decided(450, &WebDecision::Closed),
            decided(600, &open(None)),
        ];

        let times = [(0, Some(100)), (200, Some(300)), (300, Some(400)), (600, None)];
        assert_eq!(exposures(&list), times.map(|(from, until)| (at(from), until.map(at))));
    }

    #[test]
    fn the_last_decision_about_the_pages_is_found_among_others() {
        let decided = |json: &str| Decided {
            ordinal: 0,
            at: DateTime::UNIX_EPOCH,
            actor: "person".to_owned(),
            json: json.to_owned(),
        };
        let until = DateTime::from_timestamp(1_790_000_000, 0);
        let exposed = WebDecision::Exposed { until };
        let list = [
            decided(&serde_json::to_string(&WebDecision::Closed).unwrap()),
            decided(&serde_json::to_string(&exposed).unwrap()),
            decided(r#"{"decision":"goal_resumed","participant":"me","from":"2026-05-01"}"#),
        ];

        assert_eq!(WebDecision::last(&list), Some(exposed));
        assert_eq!(WebDecision::last(&list[2..]), None);
    }
}
