//! Sections 3, 4 and 10: what is read, how it is cut into frames, and whether it comes the same again.

use std::collections::BTreeMap;

use firmware_protocol::steplog::{
    block::{Block, MAX_LEN},
    control::{Request, Status},
    feature::Feature,
    frame::{Frame, payload_len},
    uuid,
};

use super::{
    bench::{ANSWER_WITHIN, Bench, FRAMES, Seen, fails, not_here},
    service::raw_state,
};
use crate::{
    model::hex,
    radio::{Link as _, Radio},
};

/// 3.2
pub async fn numbers_increase<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    let mut end = 0;
    for (seq, bytes) in &log.blocks {
        if *seq < end {
            return fails(format!("number {seq} comes after {} was used", end - 1));
        }
        end = Block::parse(bytes).map_or(seq.saturating_add(1), |block| block.end_seq());
    }
    if end > log.readable {
        return fails(format!("number {} came, and READ said that {} is the next", end - 1, log.readable));
    }
    Ok(format!("{} blocks, up to number {}", log.blocks.len(), end.saturating_sub(1)))
}

/// 3.4
pub async fn no_holes_in_a_boot<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    let blocks =
        log.blocks.iter().filter_map(|(_, bytes)| Block::parse(bytes).ok()).filter(|block| block.header().epoch_s > 0);
    let mut last: Option<(u16, u32, u32)> = None;
    let mut boots = BTreeMap::new();
    for block in blocks {
        let header = block.header();
        let seconds = u32::from(header.epoch_s) * block.span();
        if let Some((boot, next, uptime_s)) = last
            && boot == header.boot
            && next == header.first_seq
            && uptime_s != header.first_uptime_s
        {
            return fails(format!(
                "number {next} begins at {} s of boot {boot}, and the one before ended at {uptime_s} s",
                header.first_uptime_s
            ));
        }
        if last.is_some_and(|(boot, ..)| boot > header.boot) {
            return fails(format!("boot {} comes after a later one", header.boot));
        }
        *boots.entry(header.boot).or_insert(0) += seconds;
        last = Some((header.boot, block.end_seq(), header.first_uptime_s.saturating_add(seconds)));
    }
    Ok(format!("{} boots", boots.len()))
}

/// 4.1 to 4.8
pub async fn blocks<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    for (seq, bytes) in &log.blocks {
        if bytes.len() > MAX_LEN {
            return fails(format!("the block of number {seq} has {} bytes", bytes.len()));
        }
        match Block::parse(bytes) {
            Ok(block) if block.header().first_seq != *seq => {
                return fails(format!("the block of number {seq} says {}", block.header().first_seq));
            }
            Ok(block) if block.header().flags != 0 => return fails("a flag is set that only hosts set (4.1)"),
            Ok(_) => {}
            Err(error) => return fails(format!("the block of number {seq}: {error:?} in {}", hex(bytes))),
        }
    }
    Ok(format!("{} blocks can be read", log.blocks.len()))
}

/// 5.1, tag 6
pub async fn capacity<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let value = bench.read(uuid::FEATURE).await?;
    let Some(capacity) = Feature::parse(&value).ok().and_then(|feature| feature.capacity) else {
        return not_here("no capacity is stated");
    };
    let state = raw_state(bench).await?;
    let Some(held) = state.next.checked_sub(state.oldest) else { return not_here("State contradicts itself") };
    if state.oldest == 0 {
        return not_here(format!("nothing was overwritten yet: {held} epochs held, {capacity} promised"));
    }
    if held < capacity && state.lost > 0 {
        return fails(format!("{held} epochs are held, {} are lost, and {capacity} were promised", state.lost));
    }
    Ok(format!("{held} epochs are held, {capacity} were promised"))
}

/// 10.2
pub async fn frames<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let payload = payload_len(bench.link().await?.mtu());
    let log = bench.log().await?;
    let mut count = 0;
    for transfer in &log.transfers {
        for (bytes, number) in transfer.frames.iter().zip(0_u16..) {
            let Ok(frame) = Frame::parse(bytes) else {
                return fails(format!(
                    "frame {number} has flags that do not fit it: {}",
                    hex(bytes.get(..4).unwrap_or(&[]))
                ));
            };
            if frame.number != number {
                return fails(format!("frame {number} is numbered {}", frame.number));
            }
            let last = usize::from(number) + 1 == transfer.frames.len();
            if frame.last != last && !frame.aborted {
                return fails(format!(
                    "frame {number} of {} says that it is{} the last",
                    transfer.frames.len(),
                    if frame.last { "" } else { " not" }
                ));
            }
            if frame.payload.len() > payload || (!last && frame.payload.len() != payload) {
                return fails(format!("frame {number} carries {} bytes, not {payload}", frame.payload.len()));
            }
            count += 1;
        }
    }
    Ok(format!("{count} frames of {payload} bytes, numbered"))
}

/// 10.3
pub async fn streams<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    for transfer in &log.transfers {
        let stream = transfer.stream();
        if stream.end.is_none() {
            return fails(format!("transfer {} has no end record", transfer.id));
        }
        if !stream.checksum_holds {
            return fails(format!("the CRC-32 of transfer {} is not that of its bytes", transfer.id));
        }
    }
    Ok(format!("{} transfers", log.transfers.len()))
}

/// 10.4, the first block
pub async fn middle_of_a_block<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    let wide = log.blocks.iter().find_map(|(seq, bytes)| {
        let span = Block::parse(bytes).ok()?.span();
        (span > 1).then(|| (*seq, seq + span / 2, bytes))
    });
    let Some((seq, middle, bytes)) = wide else { return not_here("no block holds more than one epoch") };
    let stream = bench.whole_transfer(middle, 1, FRAMES).await?.stream();
    match stream.blocks.first() {
        Some((first, same)) if *first == seq && same == bytes => {
            Ok(format!("asked from {middle}, the block of {seq} came"))
        }
        Some((first, _)) => {
            fails(format!("asked from {middle}, which the block of {seq} holds, the block of {first} came"))
        }
        None => fails(format!("asked from {middle}, no block came")),
    }
}

/// 10.4, as many as asked for
pub async fn limits<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    let first = log.blocks.first().map_or(0, |(seq, _)| *seq);
    for (epochs, frames, what) in
        [(1, FRAMES, "one epoch"), (u16::MAX, 1, "one frame"), (u16::MAX, FRAMES, "12 frames")]
    {
        let transfer = bench.whole_transfer(first, epochs, frames).await?;
        let blocks = transfer.stream().blocks.len();
        if blocks == 0 || (epochs == 1 && blocks > 1) {
            return fails(format!("asked for {what} at most, {blocks} blocks came"));
        }
        if transfer.frames.len() > frames.into() && blocks > 1 {
            return fails(format!("asked for {what} at most, {} frames came", transfer.frames.len()));
        }
    }
    Ok("one epoch, one frame, 12 frames: no more, and one block at least".to_owned())
}

/// 10.5
pub async fn end_of_transfer<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    for transfer in &log.transfers {
        let stream = transfer.stream();
        let sent =
            stream.blocks.iter().rev().find_map(|(_, bytes)| Block::parse(bytes).ok()).map(|block| block.end_seq());
        if let (Some(end), Some(sent)) = (stream.end, sent)
            && end != sent
            && end != transfer.reply.value
        {
            return fails(format!("the end record goes on from {end}, and the last block ends before {sent}"));
        }
    }
    let transfer = bench.transfer(log.readable, 1, FRAMES).await?;
    let stream = transfer.stream();
    if transfer.frames.is_empty() {
        return fails("READ from the end brought no frame, not even the end record");
    }
    if stream.end.is_some_and(|end| end < log.readable) {
        return fails(format!("READ from the end goes on from {:?}, before {}", stream.end, log.readable));
    }
    Ok("each end is one past the last number".to_owned())
}

/// 10.6
pub async fn same_again<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    let first = log.blocks.first().map_or(0, |(seq, _)| *seq);
    let one = bench.whole_transfer(first, 1440, FRAMES).await?.bytes();
    let other = bench.whole_transfer(first, 1440, FRAMES).await?.bytes();
    if one == other {
        Ok(format!("{} bytes, twice the same", one.len()))
    } else {
        fails("the same READ brought other bytes the second time")
    }
}

/// 10.6, over a link that broke
pub async fn cut_and_continued<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let log = bench.log().await?;
    let (first, block) = log.blocks.first().cloned().unwrap_or_default();
    bench.settle().await?;
    let before = bench.hello().await?;
    let transfer = bench.new_transfer();
    let read = Request::Read { from: first, max_epochs: u16::MAX, max_frames: FRAMES, transfer };
    let reply = bench.ask(&read).await?;
    if reply.status != Status::Ok {
        return fails(format!("READ was answered with {:?}", reply.status));
    }
    if bench.notified(uuid::DATA, ANSWER_WITHIN).await?.is_none() {
        return not_here("no frame came");
    }
    bench.reconnect().await?;
    let after = bench.hello().await?;
    // What was acknowledged meanwhile by other clauses of this run is known to State.
    let state = raw_state(bench).await?;
    if after.value != state.acked || after.value < before.value {
        return fails(format!("{} was acknowledged before the cut, {} after it", before.value, after.value));
    }
    let again = bench.whole_transfer(first, 1, FRAMES).await?.stream();
    if again.blocks.first().is_some_and(|(seq, bytes)| (*seq, bytes) == (first, &block)) {
        Ok("cut after the first frame, then read from the same number".to_owned())
    } else {
        fails("after the cut the same number brings something else")
    }
}
