//! Section 11: acknowledging. Only under a host identity of this program's own, so that no other host's cursor moves;
//! and nothing past the oldest block, which is the first to give way anyway.

use firmware_protocol::{
    crc::Crc32,
    steplog::{
        block::Block,
        control::{Reply, Request, Status},
    },
};

use super::{
    bench::{Bench, Problem, Seen, fails, not_here},
    service::raw_state,
};
use crate::radio::Radio;

/// The oldest block: where it begins and ends, and its bytes.
async fn oldest<R: Radio>(bench: &mut Bench<'_, R>) -> Result<(u32, u32, Vec<u8>), Problem> {
    let log = bench.log().await?;
    bench.hello().await?;
    let Some((seq, bytes)) = log.blocks.first() else { return not_here("no block") };
    match Block::parse(bytes) {
        Ok(block) => Ok((*seq, block.end_seq(), bytes.clone())),
        Err(_) => not_here("the oldest block cannot be read, so it must not be acknowledged (11.5)"),
    }
}

async fn cursor<R: Radio>(bench: &mut Bench<'_, R>) -> Result<u32, Problem> {
    raw_state(bench).await.map(|state| state.acked)
}

/// 11.3, status 3
pub async fn wrong_checksum<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let (from, to, bytes) = oldest(bench).await?;
    let (before, right) = (cursor(bench).await?, Crc32::new().update(&bytes).value());
    let reply = bench.ask(&Request::Ack { from, to, crc: !right }).await?;
    if reply.status != Status::Differs {
        return fails(format!("an ACK with a wrong checksum was answered with {:?}", reply.status));
    }
    if reply.value != right {
        return fails(format!("the right checksum is {right:08x}, and {:08x} was answered", reply.value));
    }
    unchanged(bench, before, "an ACK with a wrong checksum").await?;
    Ok(format!("differs; {right:08x} would be right"))
}

async fn unchanged<R: Radio>(bench: &mut Bench<'_, R>, before: u32, what: &str) -> Result<(), Problem> {
    let after = cursor(bench).await?;
    if after == before {
        Ok(())
    } else {
        fails(format!("after {what} {after} is acknowledged, and {before} was before"))
    }
}

/// 11.3, status 2
pub async fn out_of_range<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let (from, to, bytes) = oldest(bench).await?;
    let log = bench.log().await?;
    let before = cursor(bench).await?;
    let crc = Crc32::new().update(&bytes).value();
    let beyond = log.readable.max(raw_state(bench).await?.next).saturating_add(1000);
    let mut asked = vec![
        (Request::Ack { from, to: beyond, crc }, "above what can be read"),
        (Request::Ack { from, to: from, crc: Crc32::new().value() }, "of nothing"),
    ];
    if to - from > 1 {
        asked.push((Request::Ack { from, to: to - 1, crc }, "that ends within a block"));
    }
    if before.max(from) < to {
        asked.push((Request::Ack { from: to, to: to.saturating_add(1), crc }, "that begins above the cursor"));
    }
    for (request, what) in &asked {
        let reply = bench.ask(request).await?;
        if reply.status != Status::BadParameter {
            return fails(format!("an ACK {what} was answered with {:?}", reply.status));
        }
        unchanged(bench, before, &format!("an ACK {what}")).await?;
    }
    Ok(format!("{} kinds: bad parameter, nothing changed", asked.len()))
}

/// 11.3, status 4
pub async fn overwritten<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let (from, to, _) = oldest(bench).await?;
    if from == 0 {
        return not_here("nothing was overwritten yet");
    }
    let before = cursor(bench).await?;
    let reply = bench.ask(&Request::Ack { from: from - 1, to, crc: 0 }).await?;
    if (reply.status, reply.value) != (Status::Overwritten, from) {
        return fails(format!("an ACK from below the oldest was answered with {:?}, {}", reply.status, reply.value));
    }
    unchanged(bench, before, "it").await?;
    Ok(format!("overwritten; {from} is the oldest"))
}

/// 11.4
pub async fn right<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let (from, to, bytes) = oldest(bench).await?;
    let before = cursor(bench).await?;
    let crc = Crc32::new().update(&bytes).value();
    let want = Reply { operation: 0x03, status: Status::Ok, value: to.max(before) };
    for time in ["", " a second time"] {
        let reply = bench.ask(&Request::Ack { from, to, crc }).await?;
        if reply != want {
            return fails(format!(
                "the right ACK of {from} to {to} was answered{time} with {:?}, {}; {} is due",
                reply.status, reply.value, want.value
            ));
        }
    }
    bench.reconnect().await?;
    let hello = bench.hello().await?;
    if hello.value != want.value {
        return fails(format!("in the next connection HELLO says {}, not {}", hello.value, want.value));
    }
    Ok(format!("{from} to {to}, twice; only as {}", String::from_utf8_lossy(&bench.host.0)))
}
