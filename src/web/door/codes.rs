//! One-time codes: eight digits that let one browser in, and how often they may be guessed.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use super::random;

/// A code is taken for so long.
pub const LIFE: Duration = Duration::from_secs(10 * 60);
/// So many wrong tries end a code: one guesser in eight million has it by then.
const MOST_TRIES: u32 = 12;
/// Wrong tries from one address before a pause.
const FREE_TRIES: u32 = 3;
/// Wrong tries from everywhere before everybody pauses.
const FREE_TRIES_OVERALL: u32 = 10;
/// The first pause; each further wrong try doubles it …
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Wrong tries are forgotten after this long without another.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);
/// Addresses that are remembered; whoever has more of them meets the pause for everybody.
const MOST_ADDRESSES: usize = 256;

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is the code.
    Right,
    /// It is not, or not any more.
    Wrong,
    /// It does not look like a code; this counts as no try.
    NoCode,
    /// Nothing was looked at: let so much time pass first.
    Wait(Duration),
}

/// What to do with a code that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It stays.
    Keep,
    /// It is used up.
    UseUp,
}

/// The code of this moment, and who guessed wrong. Times are of the clock that never goes back.
#[derive(Default)]
pub struct Codes {
    code: Option<Code>,
    by_address: BTreeMap<IpAddr, Wrong>,
    overall: Wrong,
}

struct Code {
    digits: [u8; 8],
    ends: Duration,
    wrong: u32,
}

#[derive(Clone, Copy, Default)]
struct Wrong {
    times: u32,
    last: Duration,
}

impl Wrong {
    fn count(&mut self, now: Duration) {
        self.times = self.times_by(now).saturating_add(1);
        self.last = now;
    }

    fn times_by(self, now: Duration) -> u32 {
        if now.saturating_sub(self.last) < FORGOTTEN_AFTER { self.times } else { 0 }
    }

    /// How long to wait still, when so many tries are free.
    fn pause(self, free: u32, now: Duration) -> Option<Duration> {
        let doublings = self.times_by(now).checked_sub(free)?;
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE);
        (self.last + pause).checked_sub(now).filter(|rest| !rest.is_zero())
    }
}

impl Codes {
    /// Takes these digits as the code; an earlier one is not taken any more.
    pub fn begin(&mut self, digits: [u8; 8], now: Duration) -> String {
        self.code = Some(Code { digits, ends: now + LIFE, wrong: 0 });
        in_words(digits)
    }

    /// The code that is waited for, and how long it is still taken.
    pub fn current(&self, now: Duration) -> Option<(String, Duration)> {
        let code = self.code.as_ref()?;
        Some((in_words(code.digits), code.ends.checked_sub(now).filter(|rest| !rest.is_zero())?))
    }

    /// Tries what somebody at this address typed.
    pub fn attempt(&mut self, typed: &str, from: IpAddr, now: Duration, then: Then) -> Tried {
        let from = neighbourhood(from);
        if let Some(wait) = self.wait(from, now) {
            return Tried::Wait(wait);
        }
        let Some(digits) = read(typed) else { return Tried::NoCode };
        self.code.take_if(|code| code.ends <= now);
        let expected = self.code.as_ref().map(|code| code.digits);
        // Without a code the comparison is made too: how long an answer takes tells nothing.
        let same = random::same(&in_words(digits), &in_words(expected.unwrap_or_default()));
        if same && expected.is_some() {
            self.by_address.remove(&from);
            if then == Then::UseUp {
                self.code = None;
            }
            return Tried::Right;
        }
        self.note(from, now);
        Tried::Wrong
    }

    fn wait(&self, from: IpAddr, now: Duration) -> Option<Duration> {
        let own = self.by_address.get(&from).and_then(|wrong| wrong.pause(FREE_TRIES, now));
        // Guesses from elsewhere keep nobody out who sits at this computer.
        let everybody = if from.is_loopback() { None } else { self.overall.pause(FREE_TRIES_OVERALL, now) };
        own.max(everybody)
    }

    fn note(&mut self, from: IpAddr, now: Duration) {
        self.overall.count(now);
        self.by_address.retain(|_, wrong| wrong.times_by(now) > 0);
        if self.by_address.len() < MOST_ADDRESSES || self.by_address.contains_key(&from) {
            self.by_address.entry(from).or_default().count(now);
        }
        if let Some(code) = &mut self.code {
            code.wrong += 1;
        }
        self.code.take_if(|code| code.wrong >= MOST_TRIES);
    }
}

/// `4821-7730`
fn in_words(digits: [u8; 8]) -> String {
    let (first, last) = digits.split_at(4);
    format!("{}-{}", String::from_utf8_lossy(first), String::from_utf8_lossy(last))
}

/// Eight digits, whatever stands between them.
fn read(typed: &str) -> Option<[u8; 8]> {
    let kept: Vec<u8> = typed.bytes().filter(u8::is_ascii_digit).collect();
    let plain = typed.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "-–—.".contains(c));
    kept.try_into().ok().filter(|_| plain)
}

/// Who may have one address of version 6 may have all that share its first half.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: [u8; 8] = *b"48217730";

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 168, 1, last])
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn with_code() -> Codes {
        let mut codes = Codes::default();
        assert_eq!(codes.begin(DIGITS, s(0)), "4821-7730");
        codes
    }

    #[test]
    fn a_code_is_taken_once_however_it_is_typed() {
        for typed in ["4821-7730", "48217730", " 4821 7730 ", "4821–7730"] {
            let mut codes = with_code();
            assert_eq!(codes.attempt(typed, address(1), s(1), Then::Keep), Tried::Right, "{typed}");
            assert_eq!(codes.attempt(typed, address(1), s(1), Then::UseUp), Tried::Right, "{typed}");
            assert_eq!(codes.attempt(typed, address(1), s(1), Then::UseUp), Tried::Wrong, "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_counts_as_no_try() {
        let mut codes = with_code();
        for typed in ["", "4821", "482177300", "four", "4821-773O", "٤٨٢١٧٧٣٠", "48217730 or 1=1"] {
            assert_eq!(codes.attempt(typed, address(1), s(1), Then::UseUp), Tried::NoCode, "{typed}");
        }
        assert_eq!(codes.attempt("4821-7730", address(1), s(1), Then::UseUp), Tried::Right);
    }

    #[test]
    fn a_code_ends_after_ten_minutes_and_when_there_is_a_newer_one() {
        let mut codes = with_code();
        assert_eq!(codes.current(s(599)).map(|(_, rest)| rest), Some(s(1)));
        assert_eq!(codes.current(s(600)), None);
        assert_eq!(codes.attempt("4821-7730", address(1), s(600), Then::UseUp), Tried::Wrong);

        let mut codes = with_code();
        codes.begin(*b"00000001", s(2));
        assert_eq!(codes.attempt("4821-7730", address(1), s(3), Then::UseUp), Tried::Wrong);
        assert_eq!(codes.attempt("0000-0001", address(1), s(3), Then::UseUp), Tried::Right);
    }

    #[test]
    fn without_a_code_nothing_is_right() {
        assert_eq!(Codes::default().attempt("0000-0000", address(1), s(0), Then::UseUp), Tried::Wrong);
    }

    #[test]
    fn wrong_tries_make_an_address_wait_twice_as_long_each_time() {
        let mut codes = with_code();
        for _ in 0..3 {
            assert_eq!(codes.attempt("0000-0000", address(1), s(0), Then::UseUp), Tried::Wrong);
        }
        assert_eq!(codes.attempt("4821-7730", address(1), s(4), Then::UseUp), Tried::Wait(s(1)));
        assert_eq!(codes.attempt("0000-0000", address(1), s(5), Then::UseUp), Tried::Wrong);
        assert_eq!(codes.attempt("4821-7730", address(1), s(14), Then::UseUp), Tried::Wait(s(1)));
        assert_eq!(codes.attempt("4821-7730", address(2), s(14), Then::UseUp), Tried::Right);
    }

    #[test]
    fn guessing_from_many_addresses_makes_everybody_elsewhere_wait_and_ends_the_code() {
        let mut codes = with_code();
        for last in 1..=10 {
            assert_eq!(codes.attempt("0000-0000", address(last), s(0), Then::UseUp), Tried::Wrong);
        }
        assert_eq!(codes.attempt("4821-7730", address(99), s(1), Then::UseUp), Tried::Wait(s(4)));
        let here = "127.0.0.1".parse().unwrap();
        assert_eq!(codes.attempt("4821-7730", here, s(1), Then::Keep), Tried::Right);

        assert_eq!(codes.attempt("0000-0000", address(20), s(5), Then::UseUp), Tried::Wrong);
        assert_eq!(codes.attempt("0000-0000", address(21), s(14), Then::UseUp), Tried::Wait(s(1)));
        assert!(codes.current(s(14)).is_some());
        assert_eq!(codes.attempt("0000-0000", address(21), s(15), Then::UseUp), Tried::Wrong);
        assert_eq!(codes.current(s(15)), None, "twelve wrong tries end a code");
    }

    #[test]
    fn wrong_tries_are_forgotten_after_an_hour_of_peace() {
        let mut codes = with_code();
        for _ in 0..3 {
            codes.attempt("0000-0000", address(1), s(0), Then::UseUp);
        }
        codes.begin(DIGITS, s(3600));
        assert_eq!(codes.attempt("0000-0000", address(1), s(3600), Then::UseUp), Tried::Wrong);
        assert_eq!(codes.attempt("4821-7730", address(1), s(3600), Then::UseUp), Tried::Right);
    }

    #[test]
    fn addresses_of_one_network_of_version_6_count_as_one() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("fd00::1:2:3:4"), of("fd00::5:6:7:8"));
        assert_ne!(of("fd00:0:0:1::1"), of("fd00:0:0:2::1"));
        assert_eq!(of("::ffff:192.168.1.1"), address(1));
        assert!(of("::1").is_loopback());
    }

    #[test]
    fn the_memory_of_wrong_tries_is_bounded() {
        let mut codes = Codes::default();
        for number in 0..2000_u32 {
            let now = s(u64::from(number) * 1000);
            codes.attempt("0000-0000", IpAddr::from(number.to_be_bytes()), now, Then::UseUp);
            codes.note(IpAddr::from((number + 1_000_000).to_be_bytes()), s(1));
        }
        assert!(codes.by_address.len() <= MOST_ADDRESSES);
    }
}
