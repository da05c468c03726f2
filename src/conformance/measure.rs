//! What is measured rather than judged: how fine, how deep, how fast, and how far off the clock is.

use firmware_protocol::{
    cursor::ReadCursor,
    reading::Anchor,
    steplog::{block::Block, feature::Feature, time::parse_anchor, uuid},
};
use serde::Serialize;

use super::{bench::Bench, service::raw_state};
use crate::radio::{Link as _, Radio};

/// Between two anchors that a drift is told from; half a second of a round trip is then 140 ppm at the very worst.
const APART_MS: i64 = 3_600_000;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What was measured; none where it could not be.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// M: minutes with their own stamps.
    pub resolution_class: Option<char>,
    /// Length of the epochs in use, seconds.
    pub epoch_seconds: Option<u8>,
    /// How much the counter's clock gains, parts per million.
    pub drift_ppm: Option<f64>,
    /// The drift is known to ± this.
    pub drift_known_to_ppm: Option<f64>,
    /// By how much the clock was moved the first time it was set here, milliseconds.
    pub clock_moved_ms: Option<i32>,
    /// Epochs that it holds.
    pub backlog_epochs: Option<u32>,
    /// The time that those cover.
    pub backlog_days: Option<f64>,
    /// Epochs that it promises to hold.
    pub capacity_epochs: Option<u32>,
    /// Epochs that it lost.
    pub lost_epochs: Option<u32>,
    /// Percent of charge.
    pub battery_percent: Option<u8>,
    /// The system is paired with it.
    pub paired: Option<bool>,
    /// The largest attribute value that one packet carries, plus three.
    pub mtu: Option<u16>,
    /// Frames a second, while the whole memory was read.
    pub notifications_per_second: Option<f64>,
    /// Bytes of blocks a second, the same.
    pub bytes_per_second: Option<f64>,
}

/// Measures; what cannot be is left out.
pub async fn measure<R: Radio>(bench: &mut Bench<'_, R>) -> Measured {
    let mut measured = Measured { clock_moved_ms: bench.first_moved_ms(), ..Measured::default() };
    if let Ok(link) = bench.link().await {
        (measured.mtu, measured.paired) = (Some(link.mtu()), Some(link.heard().paired));
    }
    if let Ok(value) = bench.read(uuid::FEATURE).await
        && let Ok(feature) = Feature::parse(&value)
    {
        measured.capacity_epochs = feature.capacity;
        measured.epoch_seconds = feature.epochs.first().copied();
    }
    if bench.hello().await.is_ok()
        && let Ok(state) = raw_state(bench).await
    {
        measured.backlog_epochs = state.next.checked_sub(state.oldest);
        measured.lost_epochs = Some(state.lost);
        measured.battery_percent = Some(state.battery).filter(|percent| *percent <= 100);
    }
    if let Ok(log) = bench.log().await {
        let mut seconds = 0_u32;
        for (_, bytes) in &log.blocks {
            if let Ok(block) = Block::parse(bytes) {
                seconds = seconds.saturating_add(u32::from(block.header().epoch_s) * u32::from(block.header().count));
            }
        }
        measured.resolution_class = Some('M');
        measured.backlog_days = Some(f64::from(seconds) / SECONDS_PER_DAY);
        let took = log.took.as_secs_f64();
        if took > 0.0 {
            let frames: usize = log.transfers.iter().map(|transfer| transfer.frames.len()).sum();
            let bytes: usize = log.blocks.iter().map(|(_, bytes)| bytes.len()).sum();
            let a_second = |count: usize| u32::try_from(count).ok().map(|count| f64::from(count) / took);
            measured.notifications_per_second = a_second(frames);
            measured.bytes_per_second = a_second(bytes);
        }
    }
    if let Ok(value) = bench.read(uuid::TIME).await
        && let Some((ppm, known_to)) = drift(&value)
    {
        (measured.drift_ppm, measured.drift_known_to_ppm) = (Some(ppm), Some(known_to));
    }
    measured
}

/// From the two anchors of one boot and one host that lie furthest apart.
fn drift(value: &[u8]) -> Option<(f64, f64)> {
    let mut cursor = ReadCursor::new(value);
    let mut anchors: Vec<Anchor> = Vec::new();
    while let Ok(anchor) = parse_anchor(&mut cursor) {
        anchors.push(anchor);
    }
    let pairs = anchors.iter().flat_map(|first| anchors.iter().map(move |second| (first, second)));
    let apart = |(first, second): &(&Anchor, &Anchor)| second.utc_ms - first.utc_ms;
    let alike = pairs.filter(|(first, second)| first.boot == second.boot && first.host == second.host);
    let (first, second) = alike.filter(|pair| apart(pair) >= APART_MS).max_by_key(apart)?;
    let utc = to_f64(second.utc_ms - first.utc_ms)?;
    let uptime = to_f64(i64::try_from(second.uptime_ms).ok()? - i64::try_from(first.uptime_ms).ok()?)?;
    // Nobody says how well an anchor of 65 535 ms is known; the round trip of a usual link is assumed.
    let known = |anchor: &Anchor| f64::from(if anchor.accuracy_ms < 65_535 { anchor.accuracy_ms } else { 60 });
    Some(((uptime / utc - 1.0) * 1e6, (known(first) + known(second)) / utc * 1e6))
}

fn to_f64(ms: i64) -> Option<f64> {
    // A difference of milliseconds below 2³¹ seconds keeps its whole seconds and its rest.
    let seconds = i32::try_from(ms.div_euclid(1000)).ok()?;
    let rest = i32::try_from(ms.rem_euclid(1000)).ok()?;
    Some(f64::from(seconds) * 1000.0 + f64::from(rest))
}
