//! The vocabulary: what any step counter can say, whoever made it.
//!
//! A reading keeps the stamp *as the counter sent it*. Turning stamps into UTC is the host's
//! business, done late and repeatable, so that a wrong clock is repaired by deriving again.

/// Identity of a counter, read from the counter itself (never its radio address or its name).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub [u8; 8]);

/// Identity of a host (one installation of Brisk) as counters know it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub [u8; 8]);

/// A moment as the counter said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stamp {
    /// Whole seconds since the boot with this number. Says nothing about UTC without an anchor.
    Uptime {
        /// Boot number, raised by one at each start of the counter.
        boot: u16,
        /// Seconds since that start.
        seconds: u32,
    },
    /// The counter claims UTC: seconds since 1970-01-01T00:00:00Z.
    Utc {
        /// Seconds since the Unix epoch.
        seconds: i64,
    },
    /// The counter shows a wall clock: seconds since 1970-01-01 00:00 *of that wall clock*.
    Local {
        /// Seconds of wall-clock time.
        seconds: i64,
        /// The offset from UTC that the counter claims, in minutes, when it claims one.
        offset_min: Option<i16>,
    },
}

/// What the counter knows about being worn during an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Wear {
    /// The counter cannot tell.
    #[default]
    Unknown,
    /// On the body.
    Worn,
    /// Off the body.
    NotWorn,
    /// On its charger.
    Charging,
}

/// Steps within one interval that begins at `stamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch {
    /// The counter's own number for this epoch: strictly increasing, never reused. Counters
    /// without numbers leave it to their decoder to derive a stable one from the stamp.
    pub seq: u32,
    /// Start of the interval.
    pub stamp: Stamp,
    /// Length in seconds: 60 for a minute, less for an epoch cut short by a reboot or a clock
    /// setting, more for coarse counters.
    pub seconds: u32,
    /// Steps counted in the interval. A lower bound when `saturated`.
    pub steps: u32,
    /// The field was full: at least this many steps.
    pub saturated: bool,
    /// Worn, not worn, or unknown.
    pub wear: Wear,
    /// The counter's clock had not been set when the epoch was recorded.
    pub clock_unset: bool,
}

/// One moment seen on two clocks: the counter's uptime and UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Anchor {
    /// Boot number of the uptime.
    pub boot: u16,
    /// Milliseconds since that boot.
    pub uptime_ms: u64,
    /// The same moment, milliseconds since the Unix epoch.
    pub utc_ms: i64,
    /// Half the round trip: the moment is known to ± this many milliseconds.
    pub accuracy_ms: u32,
    /// Whose clock the UTC is from.
    pub host: HostId,
}

/// Two boots joined by a time that went on being counted across the reset: uptime zero of `boot`
/// was `off_ms` after uptime `previous_uptime_ms` of boot `previous`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BootLink {
    /// The boot that began.
    pub boot: u16,
    /// The boot that ended.
    pub previous: u16,
    /// Uptime of the ended boot at its last sign of life, milliseconds.
    pub previous_uptime_ms: u64,
    /// Time between that and the new boot's uptime zero, milliseconds.
    pub off_ms: u32,
}

/// One thing that a counter said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Steps within an interval.
    Epoch(Epoch),
    /// Epoch numbers that carry no data: lost by the counter. Unknown, not zero.
    Gap {
        /// First number without data.
        seq: u32,
        /// How many numbers.
        count: u32,
    },
    /// A running total since some start that the counter does not name; may fall at a restart.
    Counter {
        /// When the total was read.
        stamp: Stamp,
        /// The total.
        steps: u32,
    },
    /// The same moment on two clocks.
    Anchor(Anchor),
    /// Two boots joined.
    BootLink(BootLink),
    /// The counter's own clock beside the host's, of counters that stamp with it.
    Clock {
        /// The host's, milliseconds since the Unix epoch, halfway between question and answer.
        host_utc_ms: i64,
        /// What the counter claims for that moment, the same way.
        claimed_utc_ms: i64,
        /// Half the round trip and the counter's resolution: the difference is known to ± this.
        accuracy_ms: u16,
    },
    /// Charge left, 0 to 100 percent.
    Battery {
        /// Percent.
        percent: u8,
    },
}

impl DeviceId {
    /// The identity of a counter that tells a serial number: a hash (FNV-1a, 64 bits) of its kind's name and the
    /// serial. `kind` keeps two makers' equal serials apart. The same on every host, for ever.
    pub fn from_serial(kind: &str, serial: &[u8]) -> Self {
        let bytes = kind.bytes().chain([0]).chain(serial.iter().copied());
        // Offset basis and prime of FNV-1a: Fowler, Noll and Vo, IETF draft-eastlake-fnv.
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(hash.to_be_bytes())
    }
}

impl core::fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

impl core::fmt::Display for DeviceId {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl core::fmt::Debug for HostId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
