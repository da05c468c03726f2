//! Section 7: setting the clock.

use firmware_protocol::{
    cursor::ReadCursor,
    steplog::{
        time::{ANCHOR_ENTRY_LEN, KEPT, SetTime, parse_anchor},
        uuid,
    },
};

use super::{
    bench::{Bench, Problem, Seen, fails, not_here, refused_with},
    service::raw_state,
};
use crate::radio::Radio;

/// The first UTC that an anchor cannot say: 48 bits of milliseconds are over.
const BEYOND_US: i64 = (1 << 48) * 1000;

/// 7.3, before HELLO
pub async fn before_hello<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    if !bench.clock.synchronised() {
        return not_here("this computer does not believe its own clock, so it sets no other (7.7)");
    }
    bench.reconnect().await?;
    let utc_us = bench.clock.utc().timestamp_micros();
    let set = SetTime { token: 0xAA, utc_us, zone_min: None, accuracy_ms: None };
    refused_with(bench.write(uuid::TIME, &set.emit()).await?, 0x03, "setting the clock before HELLO")?;
    Ok("refused".to_owned())
}

/// 7.3, lengths and ranges
pub async fn limits<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.hello().await?;
    let set = SetTime { token: 0xAB, utc_us: 0, zone_min: None, accuracy_ms: None };
    let bytes = set.emit();
    let short = bytes.get(..bytes.len() - 1).unwrap_or(&bytes);
    refused_with(bench.write(uuid::TIME, short).await?, 0x0D, "a time of 13 bytes")?;
    refused_with(bench.write(uuid::TIME, &[&bytes[..], &[0]].concat()).await?, 0x0D, "a time of 15 bytes")?;
    for utc_us in [-1, BEYOND_US] {
        let bytes = SetTime { utc_us, ..set }.emit();
        refused_with(bench.write(uuid::TIME, &bytes).await?, 0xFF, &format!("the time {utc_us} µs"))?;
    }
    Ok("13 and 15 bytes, before 1970, after 48 bits: all refused".to_owned())
}

/// 7.2
pub async fn answer<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let (set, reply, took) = bench.set_time().await?;
    if reply.token != set.token {
        return fails(format!("token {} was answered as {}", set.token, reply.token));
    }
    let state = raw_state(bench).await?;
    if reply.boot != state.boot {
        return fails(format!("boot {} in the answer, {} in State", reply.boot, state.boot));
    }
    let uptime_s = reply.uptime_ms / 1000;
    if uptime_s > u64::from(state.uptime_s) || uptime_s + 60 < u64::from(state.uptime_s) {
        return fails(format!("uptime {uptime_s} s in the answer, then {} s in State", state.uptime_s));
    }
    Ok(format!("answered within {} ms, at uptime {uptime_s} s of boot {}", took.as_millis(), reply.boot))
}

/// 7.2, twice
pub async fn second_answer<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let (first_set, first, _) = bench.set_time().await?;
    let (second_set, second, took) = bench.set_time().await?;
    let Some(step_ms) = second.step_ms else {
        return fails("the clock is said to have been unset, and was set a moment before");
    };
    // The way to the counter may take anything up to the whole round trip; a second is its resolution at worst.
    let most = i64::try_from(took.as_millis()).unwrap_or(i64::MAX).saturating_add(1_000);
    if i64::from(step_ms).abs() > most {
        return fails(format!("set twice in a row, the clock was moved by {step_ms} ms the second time"));
    }
    let utc_ms = (second_set.utc_us - first_set.utc_us) / 1000;
    let uptime_ms = i64::try_from(second.uptime_ms.saturating_sub(first.uptime_ms)).unwrap_or(i64::MAX);
    if second.boot == first.boot && (uptime_ms - utc_ms).abs() > most {
        return fails(format!("{utc_ms} ms later, uptime is {uptime_ms} ms further"));
    }
    Ok(format!("moved by {step_ms} ms"))
}

/// 7.4
pub async fn anchors<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let (set, reply, _) = bench.set_time().await?;
    let value = bench.read(uuid::TIME).await?;
    if !value.len().is_multiple_of(ANCHOR_ENTRY_LEN) {
        return fails(format!("{} bytes are no whole number of anchors", value.len()));
    }
    let count = value.len() / ANCHOR_ENTRY_LEN;
    if count > KEPT {
        return fails(format!("{count} anchors; the last {KEPT} are kept"));
    }
    let mut cursor = ReadCursor::new(&value);
    let mut anchors = Vec::new();
    while let Ok(anchor) = parse_anchor(&mut cursor) {
        anchors.push(anchor);
    }
    let Some(last) = anchors.last() else { return fails("no anchor is kept of the time that was set") };
    if last.host != bench.host {
        return fails("the newest anchor is not that of the host that set the clock last");
    }
    if last.utc_ms != set.utc_us.div_euclid(1000) || last.boot != reply.boot || last.uptime_ms != reply.uptime_ms {
        return fails(format!("the newest anchor, {last:?}, is not what was written"));
    }
    let same_minute = |anchor: &&firmware_protocol::reading::Anchor| {
        anchor.host == bench.host && anchor.boot == reply.boot && anchor.uptime_ms + 60_000 > reply.uptime_ms
    };
    // Every setting of the clauses before was within this minute, unless the counter is very slow.
    let tries = anchors.iter().filter(same_minute).count();
    if tries > 1 {
        return fails(format!("{tries} anchors of one host within a minute; the later takes the place of the earlier"));
    }
    Ok(format!("{count} kept, the newest is ours"))
}

/// 7.5
pub async fn history_stands<R: Radio>(bench: &mut Bench<'_, R>) -> Result<String, Problem> {
    let log = bench.log().await?;
    let Some((seq, before)) = log.blocks.first() else { return not_here("no block") };
    bench.set_time().await?;
    let again = bench.whole_transfer(*seq, 1, super::bench::FRAMES).await?.stream();
    match again.blocks.first() {
        Some((_, after)) if after == before => Ok("the same bytes before and after".to_owned()),
        Some(_) => fails("the oldest block has other bytes after the clock was set"),
        None => fails("the oldest block is gone after the clock was set"),
    }
}
