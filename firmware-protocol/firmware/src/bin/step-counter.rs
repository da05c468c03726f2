//! Turns a computer into a step counter.

use std::{
    fs::File,
    future::pending,
    io::Write as _,
    path::{Path, PathBuf},
    rc::Rc,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, anyhow, bail};
use clap::Parser;
use firmware_protocol::{reading::DeviceId, steplog::device::DeviceConfig};
use step_log_firmware::{
    Button, Config, Face, Happening, Hardware, Press, Resources, Sensor,
    linux::{
        file_bonds::FileBonds,
        file_flash::FileFlash,
        radio,
        walk::{Walk, WalkClock, read_life, walk},
    },
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Stdin},
    signal::unix::{SignalKind, signal},
    sync::Notify,
};
use trouble_host::Controller;

/// Thirty days and more of 4096 bytes each.
const SECTORS: u16 = 36;

/// A step counter that speaks the step-log protocol, on a Bluetooth controller of this computer.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Socket of a controller that speaks HCI in H4 framing
    #[arg(long, value_name = "SOCKET", required_unless_present = "adapter", conflicts_with = "adapter")]
    h4: Option<PathBuf>,
    /// Adapter to take for this program alone (hci1); it has to be powered off, and needs the capability for network administration
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// Static random address
    #[arg(long, default_value = "F2:5E:00:00:00:01", value_parser = address)]
    address: [u8; 6],
    /// Name on the air, at most 22 bytes
    #[arg(long, default_value = "Step log")]
    name: String,
    /// What the counter's identity is made from
    #[arg(long, default_value = "computer")]
    serial: String,
    /// File that is the counter's memory for steps; without it they are forgotten at the end
    #[arg(long, value_name = "FILE")]
    flash: Option<PathBuf>,
    /// File that keeps the bonds; without it they are forgotten at the end
    #[arg(long, value_name = "FILE")]
    bonds: Option<PathBuf>,
    /// Walks from now on
    #[arg(long, value_name = "N", default_value_t = 0)]
    steps_per_minute: u16,
    /// Lines `unix minute,steps,worn` that are lived through at the start
    #[arg(long, value_name = "FILE")]
    life: Option<PathBuf>,
    /// Shows this passkey for every pairing instead of a new one each time
    #[arg(long, value_name = "DIGITS", value_parser = clap::value_parser!(u32).range(..1_000_000))]
    passkey: Option<u32>,
    /// Is a counter without a display: pairs without a passkey for a minute after the Enter key ("long": also a host
    /// that is known)
    #[arg(long, conflicts_with = "passkey")]
    no_display: bool,
    /// Has the button pressed at the start
    #[arg(long)]
    pressed: bool,
    /// Charge left, percent
    #[arg(long, value_name = "PERCENT", default_value_t = 80)]
    battery: u8,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(counter(arguments))
}

async fn counter(arguments: Arguments) -> anyhow::Result<()> {
    let life = match &arguments.life {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("read the life {}", path.display()))?;
            read_life(&text).map_err(|error| anyhow!(error)).with_context(|| path.display().to_string())?
        }
        None => Vec::new(),
    };
    // A past to live through begins before the program was off.
    let off_ms =
        arguments.flash.as_deref().filter(|_| life.is_empty()).and_then(|flash| off_since(flash, now_ms().ok()?));
    let flash_file = arguments.flash.clone();
    let (clock, sensor) = walk(life, now_ms()?, arguments.steps_per_minute, arguments.battery);
    let flushed = Rc::new(Notify::new());
    let bonds = match &arguments.bonds {
        Some(path) => FileBonds::open(path).with_context(|| format!("open the bonds {}", path.display()))?,
        None => FileBonds::in_memory(),
    };
    let flash = match &arguments.flash {
        Some(path) => FileFlash::open(path, SECTORS).with_context(|| format!("open the memory {}", path.display()))?,
        None => FileFlash::scratch(SECTORS).context("make a memory that lasts as long as this program")?,
    };
    let hardware = Hardware {
        flash,
        clock,
        sensor: UntilTheEnd { walk: sensor, flushed: flushed.clone(), told: false },
        bonds,
        face: Terminal { display: !arguments.no_display, open: false },
        button: Enter { pressed: arguments.pressed, lines: BufReader::new(tokio::io::stdin()) },
        off_ms,
    };
    let config = Config {
        // One name for the whole life of the program.
        name: Box::leak(arguments.name.into_boxed_str()),
        maker: "Brisk",
        model: "Computer as step counter",
        device: DeviceConfig {
            id: DeviceId::from_serial("step-log", arguments.serial.as_bytes()),
            firmware: env!("CARGO_PKG_VERSION"),
            ..DeviceConfig::default()
        },
        address: arguments.address,
        private: None,
        advertise_ms: 100,
        passkey: arguments.passkey,
    };
    match (arguments.h4, arguments.adapter) {
        (Some(socket), _) => {
            let controller =
                radio::on_socket(&socket).await.with_context(|| format!("connect to {}", socket.display()))?;
            Box::pin(live(controller, &config, hardware, &flushed)).await?;
        }
        (None, Some(adapter)) => {
            let index = adapter.strip_prefix("hci").and_then(|index| index.parse().ok());
            let index = index.with_context(|| format!("{adapter} is no adapter: hci1 would be one"))?;
            let controller = radio::on_adapter(index).with_context(|| {
                format!("take {adapter}: it has to be off (btmgmt --index {index} power off), and needs CAP_NET_ADMIN")
            })?;
            Box::pin(live(controller, &config, hardware, &flushed)).await?;
        }
        (None, None) => bail!("neither a socket nor an adapter is named"),
    }
    if let Some(flash) = flash_file {
        // This computer's clock goes on while the program is off.
        let now_ms = now_ms()?;
        let note = File::create(clock_file(&flash)).and_then(|mut file| write!(file, "{now_ms}"));
        note.context("note when the program ended")?;
    }
    Ok(())
}

/// Where the moment of the last end stands, milliseconds since 1970.
fn clock_file(flash: &Path) -> PathBuf {
    flash.with_extension("ended")
}

/// How long the program was off, when it ended in order.
fn off_since(flash: &Path, now_ms: i64) -> Option<u32> {
    let file = clock_file(flash);
    let ended: i64 = std::fs::read_to_string(&file).ok()?.trim().parse().ok()?;
    // Told once: an end that is not in order leaves nothing behind.
    std::fs::remove_file(file).ok()?;
    u32::try_from(now_ms.checked_sub(ended)?).ok()
}

type Parts = Hardware<FileFlash, WalkClock, UntilTheEnd, FileBonds, Terminal, Enter>;

/// Lives until the controller fails or the program is told to end; then everything is in the memory.
async fn live<C: Controller>(controller: C, config: &Config, parts: Parts, flushed: &Notify) -> anyhow::Result<()> {
    let mut resources = Box::new(Resources::new());
    say(&format!("{} at {}", config.name, printed(config.address)));
    tokio::select! {
        ended = step_log_firmware::run(controller, &mut resources, config, parts) => match ended {
            Err(error) => Err(anyhow!("the counter stopped: {error:?}")),
        },
        () = flushed.notified() => Ok(()),
    }
}

/// The walk, until the program is told to end.
struct UntilTheEnd {
    walk: Walk,
    flushed: Rc<Notify>,
    /// The program was told to end; the answer to it is that everything gets written.
    told: bool,
}

impl Sensor for UntilTheEnd {
    async fn next(&mut self) -> Happening {
        if self.told {
            self.flushed.notify_one();
            return pending().await;
        }
        tokio::select! {
            happening = self.walk.next() => happening,
            () = told_to_end() => {
                self.told = true;
                Happening::PowerFails
            }
        }
    }
}

async fn told_to_end() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => pending().await,
    }
}

/// The terminal is what the wearer sees.
struct Terminal {
    display: bool,
    open: bool,
}

impl Face for Terminal {
    fn has_display(&self) -> bool {
        self.display
    }

    fn show_passkey(&mut self, passkey: Option<u32>) {
        if let Some(passkey) = passkey {
            say(&format!("passkey {passkey:06}"));
        }
    }

    fn show_pairing(&mut self, open: bool) {
        if self.open != open {
            self.open = open;
            say(if open { "pairing open for a minute" } else { "pairing closed" });
        }
    }
}

/// The Enter key is the button.
struct Enter {
    pressed: bool,
    lines: BufReader<Stdin>,
}

impl Button for Enter {
    async fn pressed(&mut self) -> Press {
        if std::mem::take(&mut self.pressed) {
            return Press::Long;
        }
        let mut line = String::new();
        match self.lines.read_line(&mut line).await {
            Ok(1..) if line.trim() == "long" => Press::Long,
            Ok(1..) => Press::Short,
            // No terminal: nobody presses.
            Ok(0) | Err(_) => pending().await,
        }
    }
}

#[expect(clippy::print_stdout, reason = "the display of this counter")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::disallowed_methods, reason = "a life's minutes are counted from now, once, at the start")]
fn now_ms() -> anyhow::Result<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the computer's clock is before 1970")?;
    i64::try_from(since.as_millis()).context("the computer's clock is far in the future")
}

fn address(text: &str) -> Result<[u8; 6], String> {
    let mut bytes = Vec::new();
    for part in text.split(':').rev() {
        bytes.push(u8::from_str_radix(part, 16).map_err(|_| format!("{part} is no byte in hex"))?);
    }
    let address: [u8; 6] = bytes.try_into().map_err(|_| String::from("an address has six bytes"))?;
    // Bluetooth Core Specification, Vol 6, Part B, 1.3.2.1.
    if address[5] & 0xC0 != 0xC0 {
        return Err(String::from("a static random address begins with C0 to FF"));
    }
    Ok(address)
}

fn printed(address: [u8; 6]) -> String {
    address.iter().rev().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
