//! The conformance kit passes the counter of this crate, and fails each counter that breaks one clause.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use brisk::{
    conformance::{self, Report, Verdict, simulated},
    radio::sim::{counter::SimCounter, far_end::FarEnd},
};
use firmware_protocol::{
    crc::{Crc16, Crc32},
    cursor::ReadCursor,
    device::Advertisement,
    driver::Uuid,
    reading::HostId,
    steplog::{
        control::{MAX_REQUEST_LEN, Reply, Request, Status},
        device::AttError,
        frame::{FRAME_HEADER_LEN, Frame, Record},
        uuid,
    },
};

/// What a mutant breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaks {
    Nothing,
    AdvertisesNothing,
    TimeIsMissing,
    FeatureIsNoTlv,
    AnotherMajorVersion,
    OldestAboveNext,
    AckedBeforeHello,
    ReservedFlag,
    LiveIsMissing,
    ShortTimesAreTaken,
    TimesOutOfRangeAreTaken,
    TokenIsForgotten,
    ClockRunsAway,
    AnchorsAreForgotten,
    LinksHaveNoChecksum,
    UnknownIsBadParameter,
    BadParameterIsObeyed,
    SecondRequestIsSwallowed,
    HelloIsNotNeeded,
    EraseIsAlwaysDone,
    FramesAreUnnumbered,
    LastFrameIsNotMarked,
    StreamChecksumIsWrong,
    BlockChecksumIsWrong,
    NumbersAreReused,
    UptimeHasHoles,
    MiddleGivesTheNextBlock,
    TooManyFrames,
    EndPointsElsewhere,
    ReadChangesSomething,
    AbortIsIgnored,
    WrongChecksumIsTaken,
    AnythingIsAcknowledged,
    AckOnlyOnce,
    CursorIsForgotten,
}

use Breaks::*;

/// Each mutant, and the clauses that it breaks.
const MUTANTS: &[(Breaks, &[&str])] = &[
    (AdvertisesNothing, &["2.5"]),
    (TimeIsMissing, &["2.1"]),
    (FeatureIsNoTlv, &["5.1"]),
    (AnotherMajorVersion, &["5.2"]),
    (OldestAboveNext, &["6.1"]),
    (AckedBeforeHello, &["6.1"]),
    (ReservedFlag, &["6.2"]),
    (LiveIsMissing, &["6.4"]),
    (ShortTimesAreTaken, &["7.3"]),
    (TimesOutOfRangeAreTaken, &["7.3"]),
    (TokenIsForgotten, &["7.2"]),
    (ClockRunsAway, &["7.2"]),
    (AnchorsAreForgotten, &["7.4"]),
    (LinksHaveNoChecksum, &["8.2"]),
    (UnknownIsBadParameter, &["9.1"]),
    (BadParameterIsObeyed, &["9.1"]),
    (SecondRequestIsSwallowed, &["9.1"]),
    // Without HELLO nobody knows who sets the clock either.
    (HelloIsNotNeeded, &["7.3", "9.2"]),
    (EraseIsAlwaysDone, &["9.6"]),
    (FramesAreUnnumbered, &["10.2"]),
    (LastFrameIsNotMarked, &["10.2"]),
    (StreamChecksumIsWrong, &["10.3"]),
    (BlockChecksumIsWrong, &["4.8"]),
    (NumbersAreReused, &["3.2"]),
    (UptimeHasHoles, &["3.4"]),
    (MiddleGivesTheNextBlock, &["10.4"]),
    (TooManyFrames, &["10.4"]),
    (EndPointsElsewhere, &["10.5"]),
    (ReadChangesSomething, &["10.6"]),
    (AbortIsIgnored, &["9.1"]),
    (WrongChecksumIsTaken, &["11.3"]),
    (AnythingIsAcknowledged, &["11.3"]),
    (AckOnlyOnce, &["11.4"]),
    (CursorIsForgotten, &["11.4"]),
];

/// A counter that breaks one clause.
struct Mutant {
    inner: SimCounter,
    breaks: Breaks,
    /// Sent instead of what the counter would send.
    inject: VecDeque<(Uuid, Vec<u8>)>,
    greeted: bool,
    asked: Option<Request>,
    reads: u32,
    acks: u32,
    awaiting: bool,
    /// Every request.
    written: Arc<Mutex<Vec<Request>>>,
}

impl Mutant {
    fn new(inner: SimCounter, breaks: Breaks, written: Arc<Mutex<Vec<Request>>>) -> Self {
        Self {
            inner,
            breaks,
            inject: VecDeque::new(),
            greeted: false,
            asked: None,
            reads: 0,
            acks: 0,
            awaiting: false,
            written,
        }
    }

    fn reply(&mut self, operation: u8, status: Status, value: u32) {
        self.inject.push_back((uuid::CONTROL, Reply { operation, status, value }.emit().to_vec()));
    }

    /// The inner counter's answer to a request.
    fn ask(&mut self, request: &Request, now_us: i64) -> Reply {
        let bytes = emitted(request);
        self.inner.write(uuid::CONTROL, &bytes, now_us).unwrap();
        let (_, answer) = self.inner.outgoing(now_us).unwrap().unwrap();
        Reply::parse(&answer).unwrap()
    }

    fn control(&mut self, bytes: &[u8], now_us: i64) -> Option<Result<(), AttError>> {
        let request = Request::parse(bytes);
        self.asked = request.ok();
        self.written.lock().unwrap().extend(self.asked);
        match (self.breaks, request) {
            (_, Ok(Request::Hello { .. })) => self.greeted = true,
            (SecondRequestIsSwallowed, _) if self.awaiting => return Some(Ok(())),
            (TooManyFrames, Ok(Request::Read { from, max_epochs, transfer, .. })) if max_epochs == u16::MAX => {
                let more = Request::Read { from, max_epochs, max_frames: 40, transfer };
                return Some(self.inner.write(uuid::CONTROL, &emitted(&more), now_us));
            }
            (AbortIsIgnored, Ok(Request::Abort { .. })) => {
                self.reply(bytes[0], Status::Ok, 0);
                return Some(Ok(()));
            }
            (EraseIsAlwaysDone, Ok(Request::Erase { to })) if self.greeted => {
                self.reply(bytes[0], Status::Ok, to);
                return Some(Ok(()));
            }
            (WrongChecksumIsTaken, Ok(Request::Ack { from, to, .. })) => {
                let reply = self.ask(&self.asked.unwrap(), now_us);
                let reply = match reply.status {
                    Status::Differs => self.ask(&Request::Ack { from, to, crc: reply.value }, now_us),
                    _ => reply,
                };
                self.reply(reply.operation, reply.status, reply.value);
                return Some(Ok(()));
            }
            _ => {}
        }
        None
    }

    /// What becomes of an answer on its way.
    fn twist_reply(&mut self, bytes: &mut [u8]) {
        let reply = Reply::parse(bytes).unwrap();
        let ack = matches!(self.asked, Some(Request::Ack { .. }));
        let status = match (self.breaks, reply.status) {
            (UnknownIsBadParameter, Status::UnknownOperation) => 2,
            (BadParameterIsObeyed, Status::BadParameter) if !ack => 0,
            (AnythingIsAcknowledged, Status::BadParameter) if ack => 0,
            (AckOnlyOnce, Status::Ok) if ack => {
                self.acks += 1;
                if self.acks > 1 { 2 } else { 0 }
            }
            (_, status) => status as u8,
        };
        bytes[2] = status;
        if self.breaks == CursorIsForgotten && matches!(self.asked, Some(Request::Hello { .. })) && self.acks == 0 {
            // State tells the same, so that only what outlives the connection is broken.
            bytes[3..7].fill(0);
        }
    }

    /// Takes a whole transfer from the counter, changes its records, and cuts it into frames again.
    fn restream(&mut self, first: Vec<u8>, now_us: i64) {
        let mut frames = vec![first];
        while frames.last().unwrap()[3] & 0x06 == 0 {
            frames.push(self.inner.outgoing(now_us).unwrap().unwrap().1);
        }
        let payload = frames[0].len() - FRAME_HEADER_LEN;
        let id = frames[0][0];
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| &frame[FRAME_HEADER_LEN..]).copied().collect();
        let (mut blocks, mut end) = (Vec::new(), 0);
        let mut cursor = ReadCursor::new(&bytes);
        while let Ok(record) = Record::parse(&mut cursor) {
            match record {
                Record::Block { seq, bytes } => blocks.push((seq, bytes.to_vec())),
                Record::End { next } => {
                    end = next;
                    break;
                }
            }
        }
        self.reads += 1;
        self.twist(&mut blocks, &mut end);
        let mut stream = Vec::new();
        let mut room = [0; 200];
        for (seq, bytes) in &blocks {
            let length = Record::Block { seq: *seq, bytes }.emit(&mut room).unwrap();
            stream.extend_from_slice(&room[..length]);
        }
        let length = Record::End { next: end }.emit(&mut room).unwrap();
        stream.extend_from_slice(&room[..length]);
        let crc = Crc32::new().update(&stream).value();
        stream.extend_from_slice(&if self.breaks == StreamChecksumIsWrong { !crc } else { crc }.to_le_bytes());
        let pieces: Vec<_> = stream.chunks(payload.max(16)).collect();
        for (number, piece) in pieces.iter().enumerate() {
            let last = number + 1 == pieces.len();
            let number = u16::try_from(number).unwrap();
            let frame = Frame { transfer: id, number, last, aborted: false, payload: piece };
            let mut out = [0; 300];
            let length = frame.emit(&mut out).unwrap();
            self.inject.push_back((uuid::DATA, out[..length].to_vec()));
        }
    }

    fn twist(&self, blocks: &mut Vec<(u32, Vec<u8>)>, end: &mut u32) {
        let whole = blocks.len() >= 4;
        match self.breaks {
            BlockChecksumIsWrong if whole => blocks[1].1[16] ^= 1,
            NumbersAreReused if whole => {
                // The one before comes again in the place of one that is no shorter.
                let at = (2..blocks.len()).find(|at| blocks[*at].1.len() >= blocks[*at - 1].1.len());
                if let Some(at) = at {
                    blocks[at] = blocks[at - 1].clone();
                }
            }
            UptimeHasHoles if whole => {
                let block = &mut blocks[1].1;
                block[8] ^= 1;
                reseal(block);
            }
            MiddleGivesTheNextBlock => {
                if let Some(Request::Read { from, .. }) = self.asked
                    && blocks.first().is_some_and(|(seq, _)| *seq < from && *seq > 0)
                {
                    blocks.remove(0);
                }
            }
            EndPointsElsewhere if whole => *end -= 1,
            ReadChangesSomething if whole && self.reads.is_multiple_of(2) => {
                // The movement level of the block's last epoch.
                let first = blocks[0].0;
                let plain = blocks.iter_mut().find(|(seq, block)| *seq > first && [0x11, 0x12].contains(&block[0]));
                if let Some((_, block)) = plain {
                    let meta = if block[0] == 0x12 { 16 } else { block.len() - 1 };
                    block[meta] ^= 0x10;
                    reseal(block);
                }
            }
            _ => {}
        }
    }

    fn restreams(&self) -> bool {
        matches!(
            self.breaks,
            StreamChecksumIsWrong
                | BlockChecksumIsWrong
                | NumbersAreReused
                | UptimeHasHoles
                | MiddleGivesTheNextBlock
                | EndPointsElsewhere
                | ReadChangesSomething
        ) && matches!(self.asked, Some(Request::Read { max_frames: 0..=12, .. }))
    }
}

/// Makes a block's checksum right again.
fn reseal(block: &mut [u8]) {
    let crc = Crc16::new().update(&block[..14]).update(&block[16..]).value();
    block[14..16].copy_from_slice(&crc.to_le_bytes());
}

fn emitted(request: &Request) -> Vec<u8> {
    let mut bytes = [0; MAX_REQUEST_LEN];
    let length = request.emit(&mut bytes).unwrap();
    bytes[..length].to_vec()
}

impl FarEnd for Mutant {
    fn live_to(&mut self, now_us: i64) -> bool {
        FarEnd::live_to(&mut self.inner, now_us)
    }

    fn is_on(&self) -> bool {
        FarEnd::is_on(&self.inner)
    }

    fn advertisement(&self) -> Advertisement {
        if self.breaks == AdvertisesNothing { Advertisement::default() } else { self.inner.advertisement() }
    }

    fn may_lose(&self, of: Uuid) -> bool {
        self.inner.may_lose(of)
    }

    fn connect(&mut self, mtu: u16, now_us: i64) {
        self.inner.connect(mtu, now_us);
        (self.greeted, self.awaiting) = (false, false);
        self.inject.clear();
        if self.breaks == HelloIsNotNeeded {
            self.ask(&Request::Hello { host: HostId(*b"anybody!") }, now_us);
        }
    }

    fn disconnect(&mut self) {
        FarEnd::disconnect(&mut self.inner);
    }

    fn subscribe(&mut self, to: Uuid, on: bool, now_us: i64) -> Result<(), AttError> {
        self.inner.subscribe(to, on, now_us)
    }

    fn read(&mut self, from: Uuid, now_us: i64) -> Result<Vec<u8>, AttError> {
        let mut value = FarEnd::read(&mut self.inner, from, now_us)?;
        match (self.breaks, from) {
            (FeatureIsNoTlv, uuid::FEATURE) => value.push(0xEE),
            (AnotherMajorVersion, uuid::FEATURE) => value[2] = 2,
            (OldestAboveNext, uuid::STATE) => value[6..10].copy_from_slice(&u32::MAX.to_le_bytes()),
            (AckedBeforeHello, uuid::STATE) if !self.greeted => value[14] = 1,
            (ReservedFlag, uuid::STATE) => value[23] |= 0x80,
            (LiveIsMissing, uuid::LIVE) => return Err(AttError::InvalidHandle),
            (TimeIsMissing, uuid::TIME) if !self.greeted => return Err(AttError::InvalidHandle),
            (AnchorsAreForgotten, uuid::TIME) => value.clear(),
            (LinksHaveNoChecksum, uuid::BOOT_LINKS) => value[19] ^= 1,
            _ => {}
        }
        Ok(value)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_us: i64) -> Result<(), AttError> {
        if to == uuid::CONTROL
            && let Some(done) = self.control(bytes, now_us)
        {
            return done;
        }
        let done = FarEnd::write(&mut self.inner, to, bytes, now_us);
        if to == uuid::CONTROL && done.is_ok() {
            self.awaiting = true;
        }
        match (self.breaks, to, done) {
            (ShortTimesAreTaken, uuid::TIME, Err(AttError::InvalidLength))
            | (TimesOutOfRangeAreTaken, uuid::TIME, Err(AttError::OutOfRange)) => Ok(()),
            (_, _, done) => done,
        }
    }

    fn outgoing(&mut self, now_us: i64) -> Result<Option<(Uuid, Vec<u8>)>, AttError> {
        if let Some(sent) = self.inject.pop_front() {
            return Ok(Some(sent));
        }
        let Some((from, mut bytes)) = FarEnd::outgoing(&mut self.inner, now_us)? else { return Ok(None) };
        match (self.breaks, from) {
            (_, uuid::CONTROL) => {
                self.awaiting = false;
                self.twist_reply(&mut bytes);
            }
            (TokenIsForgotten, uuid::TIME) => bytes[1] ^= 0x55,
            // Eleven seconds at each setting.
            (ClockRunsAway, uuid::TIME) if bytes[10..14] != [0, 0, 0, 0x80] => {
                bytes[10..14].copy_from_slice(&11_000_i32.to_le_bytes());
            }
            (FramesAreUnnumbered, uuid::DATA) => {
                bytes[1..3].fill(0);
                bytes[3] |= 1;
            }
            (LastFrameIsNotMarked, uuid::DATA) => bytes[3] &= !2,
            (_, uuid::DATA) if self.restreams() => {
                self.restream(bytes, now_us);
                return Ok(self.inject.pop_front());
            }
            _ => {}
        }
        Ok(Some((from, bytes)))
    }
}

fn report(breaks: Breaks) -> Report {
    report_and_requests(breaks).0
}

fn report_and_requests(breaks: Breaks) -> (Report, Vec<Request>) {
    let written = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let report = runtime.block_on(async {
        let stage = simulated::stage(|counter| Mutant::new(counter, breaks, Arc::clone(&written))).await.unwrap();
        conformance::run(&stage.radio, stage.clock.as_ref(), stage.wanted, &mut |_| ()).await.unwrap()
    });
    let requests = written.lock().unwrap().clone();
    (report, requests)
}

#[test]
fn an_honest_counter_passes_everything_that_can_be_tested() {
    let report = report(Nothing);

    assert_eq!(report.failed(), Vec::<&str>::new(), "{:#?}", report.findings);
    let passed = report.findings.iter().filter(|finding| finding.verdict == Verdict::Pass).count();
    assert!(passed >= 37, "{passed}: {:#?}", report.findings);
}

#[test]
fn each_broken_clause_is_found_and_no_other_is_blamed() {
    let mut wrong = Vec::new();
    for (breaks, clauses) in MUTANTS {
        let report = report(*breaks);
        let mut failed = report.failed();
        failed.sort_unstable();
        failed.dedup();
        if failed != *clauses {
            let blamed: Vec<_> = report.findings.iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
            wrong.push(format!("{breaks:?}: {clauses:?} should fail, and these did: {blamed:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_measured_is_what_the_counter_was_made_with() {
    let measured = report(Nothing).measured;

    let drift = measured.drift_ppm.unwrap();
    assert!((drift - 23.0).abs() <= measured.drift_known_to_ppm.unwrap(), "{measured:?}");
    assert_eq!((measured.resolution_class, measured.epoch_seconds, measured.mtu), (Some('M'), Some(60), Some(247)));
    // A day at 23 ppm.
    let moved = measured.clock_moved_ms.unwrap();
    assert!((-2_050..=-1_930).contains(&moved), "{moved}");
    assert!(measured.backlog_days.unwrap() > 4.0, "{measured:?}");
    assert!(measured.notifications_per_second.unwrap() > 10.0, "{measured:?}");
}

#[test]
fn the_kit_does_nothing_that_could_lose_data_or_change_what_is_recorded() {
    let (_, requests) = report_and_requests(Nothing);

    let mut acks = Vec::new();
    for request in &requests {
        match request {
            Request::Hello { host } => assert_eq!(host.0, *b"brisktst"),
            Request::Ack { from, to, .. } => acks.push((*from, *to)),
            // An erasure that is obeyed although it must not be takes nothing that is still there.
            Request::Erase { to } => assert!(*to <= 1, "{to}"),
            Request::SetEpoch { .. } | Request::Goal { .. } => panic!("{request:?}"),
            Request::Read { .. } | Request::Abort { .. } => {}
        }
    }
    let (oldest, end) = acks[acks.len() - 1];
    assert!(end - oldest <= 240, "one block");
    // Whatever reaches further is one of those that have to be refused.
    assert!(acks.iter().filter(|(_, to)| *to > end).count() <= 2, "{acks:?}");
}
