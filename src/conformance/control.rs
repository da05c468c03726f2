//! Section 9: the control point. Nothing here changes what the counter records or forgets.

use std::time::Duration;

use firmware_protocol::steplog::{
    control::{MAX_REQUEST_LEN, Reply, Request, Status},
    uuid,
};

use super::{
    bench::{ANSWER_WITHIN, Bench, FRAMES, Problem, REORDER, Seen, fails, not_here},
    service::raw_state,
};
use crate::{model::hex, radio::Radio};

/// Frames of a transfer that is so long that the host can say something while it goes on …
const MANY: u16 = 400;
/// … unless the counter holds so little that fewer than this came.
const LONG: u16 = 40;

fn expect(reply: Reply, status: Status, what: &str) -> Result<Reply, Problem> {
    if reply.status == status {
        Ok(reply)
    } else {
        fails(format!("{what} was answered with {:?} (value {}) instead of {status:?}", reply.status, reply.value))
    }
}

/// 9.2, before HELLO
pub async fn hello_first<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.reconnect().await?;
    let read = Request::Read { from: 0, max_epochs: 1, max_frames: FRAMES, transfer: bench.new_transfer() };
    // An acknowledgement of nothing and an erasure of nothing: harmless, should they be obeyed.
    for (request, name) in
        [(read, "READ"), (Request::Ack { from: 0, to: 0, crc: 0 }, "ACK"), (Request::Erase { to: 0 }, "ERASE")]
    {
        expect(bench.ask(&request).await?, Status::NotAllowed, &format!("{name} before HELLO"))?;
    }
    expect(bench.ask(&Request::Abort { transfer: 0 }).await?, Status::Ok, "ABORT before HELLO")?;
    Ok("READ, ACK and ERASE were not allowed, ABORT was".to_owned())
}

/// 9.2
pub async fn hello<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let first = expect(bench.hello().await?, Status::Ok, "HELLO")?;
    let host = bench.host;
    let again = expect(bench.ask(&Request::Hello { host }).await?, Status::Ok, "HELLO a second time")?;
    if first.value != again.value {
        return fails(format!("HELLO was answered with {} and then with {}", first.value, again.value));
    }
    Ok(format!("this host has acknowledged {}", first.value))
}

/// 9.1, status 1
pub async fn unknown_operations<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.hello().await?;
    for operation in [0x00, 0x06, 0x7F, 0xFF] {
        let reply = bench.ask_bytes(&[operation, 1, 2]).await?;
        let reply = expect(reply, Status::UnknownOperation, &format!("operation {operation:#04x}"))?;
        if reply.value != 0 {
            return fails(format!("an unknown operation was answered with the value {}", reply.value));
        }
    }
    Ok("00, 06, 7f and ff are unknown".to_owned())
}

/// 9.1, status 2
pub async fn bad_lengths<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.hello().await?;
    // A byte too few and a byte too many; none of them would do harm.
    for bytes in [&[1, 0, 0, 0, 0, 1, 0, 12, 0][..], &[2], &[2, 0, 0], &[3, 0, 0, 0, 0], &[4, 0, 0, 0], &[8, 1, 2, 3]] {
        expect(bench.ask_bytes(bytes).await?, Status::BadParameter, &hex(bytes))?;
    }
    Ok("too short and too long: bad parameter".to_owned())
}

/// 9.1, one at a time
pub async fn one_at_a_time<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.hello().await?;
    bench.settle().await?;
    let first = [2, 0x51];
    if let Some(code) = bench.write(uuid::CONTROL, &first).await? {
        return fails(format!("ABORT was refused with ATT error {code:#04x}"));
    }
    let second = bench.write(uuid::CONTROL, &[2, 0x52]).await?;
    bench.reply_to(&first).await?;
    match second {
        Some(0xFE | 0) => Ok("the second write was refused".to_owned()),
        Some(code) => fails(format!("a write before the answer was refused with ATT error {code:#04x}, not 0xfe")),
        None if bench.notified(uuid::CONTROL, ANSWER_WITHIN).await?.is_some() => {
            not_here("the answer went out before a second write could reach the counter")
        }
        None => fails("a write before the answer was accepted, and never answered"),
    }
}

/// 9.1, ABORT
pub async fn abort<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.log().await?;
    bench.settle().await?;
    let transfer = bench.new_transfer();
    let reply = bench.ask(&Request::Read { from: 0, max_epochs: u16::MAX, max_frames: MANY, transfer }).await?;
    expect(reply, Status::Ok, "READ")?;
    if bench.notified(uuid::DATA, ANSWER_WITHIN).await?.is_none() {
        return not_here("no frame came");
    }
    expect(bench.ask(&Request::Abort { transfer }).await?, Status::Ok, "ABORT")?;
    // What was on its way comes before the answer or just behind it.
    let mut late: u16 = 0;
    let mut whole = false;
    while let Some(frame) = bench.notified(uuid::DATA, REORDER).await? {
        late = late.saturating_add(1);
        whole |= frame.get(3).is_some_and(|flags| flags & 0x02 != 0);
    }
    if !whole {
        Ok(format!("{late} frames were still on their way, then it was silent"))
    } else if late < LONG {
        not_here("the transfer was over before the counter was told to stop")
    } else {
        fails("the transfer went on to its last frame")
    }
}

/// 9.6
///
/// The cursor of this program's host never goes past the oldest block (see [`super::acknowledge`]), so that a counter
/// which obeys where it must not loses at most what lies before that.
pub async fn erase_too_far<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    let acked = bench.hello().await?.value;
    let before = raw_state(bench).await?;
    if acked > before.oldest.saturating_add(240) {
        return not_here("this host has acknowledged more than the oldest block, so asking could lose data");
    }
    let reply = bench.ask(&Request::Erase { to: acked.saturating_add(1) }).await?;
    expect(reply, Status::NotAllowed, "ERASE past what every host has acknowledged")?;
    if reply.value > acked {
        return fails(format!("it would be allowed up to {}, and this host has acknowledged {acked}", reply.value));
    }
    let after = raw_state(bench).await?;
    if after.oldest != before.oldest && before.oldest <= before.next {
        return fails(format!("the oldest number went from {} to {}", before.oldest, after.oldest));
    }
    Ok(format!("not allowed; it would be up to {}", reply.value))
}

/// 10.1
pub async fn new_read_ends_the_old<R: Radio>(bench: &mut Bench<'_, R>) -> Seen {
    bench.log().await?;
    bench.settle().await?;
    let old = bench.new_transfer();
    let reply = bench.ask(&Request::Read { from: 0, max_epochs: u16::MAX, max_frames: MANY, transfer: old }).await?;
    expect(reply, Status::Ok, "READ")?;
    let new = bench.new_transfer();
    let mut bytes = [0; MAX_REQUEST_LEN];
    let request = Request::Read { from: 0, max_epochs: 1, max_frames: FRAMES, transfer: new };
    let length = request.emit(&mut bytes).unwrap_or(0);
    expect(bench.ask_bytes(bytes.get(..length).unwrap_or(&[])).await?, Status::Ok, "a second READ")?;
    let mut came = false;
    while let Some(frame) = bench.notified(uuid::DATA, Duration::from_millis(1500)).await? {
        match frame.first() {
            Some(first) if *first == new => came = true,
            Some(first) if *first == old && came => return fails("frames of the old transfer came among the new ones"),
            _ => {}
        }
    }
    if came { Ok("the new transfer came alone".to_owned()) } else { fails("the second transfer never came") }
}
