//! The guest: qemu with the lab's kernel, its adapter on the air, its serial ports, its D-Bus port.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    net::{TcpListener, UnixListener, UnixStream},
    process::{Child, Command},
    time::timeout,
};

use crate::{
    ADAPTER_ADDRESS, LabError,
    air::{Air, Controller},
    channel::{Channel, Closed},
};

/// The logs in the lab's folder, live while the guest runs: what the kernel, bluetoothd and qemu say,
/// and all HCI traffic for `btmon -r` or Wireshark.
pub(crate) const LOGS: [&str; 4] = ["console.log", "bluetoothd.log", "qemu.log", "btmon.snoop"];

/// Where the guest's dbus-daemon listens, in `guest/bus.conf`.
const GUEST_DBUS_PORT: u16 = 5555;

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) channel: Channel,
    pub(crate) adapter: Controller,
    pub(crate) dbus_port: u16,
    folder: PathBuf,
    /// Killed when it is dropped.
    _qemu: Child,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accelerator {
    Kvm,
    Tcg,
}

impl Accelerator {
    /// Those to be tried, in this order. `/dev/kvm` alone says little: under a paravirtual KVM it is
    /// there, but a stock kernel never starts. KVM is for processors that show virtualization.
    fn candidates() -> Vec<Self> {
        let usable = fs::OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        if usable && processor.split_whitespace().any(|flag| flag == "vmx" || flag == "svm") {
            // TCG twice: another program may have taken the D-Bus port between choice and use.
            vec![Self::Kvm, Self::Tcg, Self::Tcg]
        } else {
            vec![Self::Tcg, Self::Tcg]
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }

    /// The boot takes 2 s on an idle machine; a KVM that does not work hangs for ever.
    fn boots_within(self) -> Duration {
        match self {
            Self::Kvm => Duration::from_secs(20),
            Self::Tcg => Duration::from_secs(120),
        }
    }
}

impl Guest {
    /// Boots until the guest's shell answers. `folder` is for sockets and logs.
    pub(crate) async fn boot(cache: &Path, folder: &Path, air: &Air) -> Result<Self, LabError> {
        let listen = |name: &str| {
            UnixListener::bind(folder.join(name))
                .map_err(LabError::io(format!("listen at {name} in {}", folder.display())))
        };
        let (hci, control) = (listen("hci0")?, listen("control")?);
        let mut said = Vec::new();
        for accelerator in Accelerator::candidates() {
            let dbus_port = free_port().await?;
            let mut qemu = spawn(cache, folder, accelerator, dbus_port)?;
            let both = async { tokio::try_join!(accept(&hci), accept(&control)) };
            let booted = timeout(accelerator.boots_within(), async {
                tokio::select! {
                    // Waiting for the process is harmless to cancel.
                    _ = qemu.wait() => Ok(None),
                    ports = both => {
                        let (hci, control) = ports?;
                        let adapter = air.attach_stream(hci, Some(ADAPTER_ADDRESS)).await;
                        let channel = Channel::new(control);
                        match channel.ask("true").await {
                            Ok(_) => Ok(Some((channel, adapter))),
                            Err(Closed) => Ok(None),
                        }
                    }
                }
            });
            match booted.await {
                Ok(Ok(Some((channel, adapter)))) => {
                    return Ok(Self { channel, adapter, dbus_port, folder: folder.to_owned(), _qemu: qemu });
                }
                Ok(Err(error)) => return Err(error),
                Ok(Ok(None)) | Err(_) => {
                    said.push(format!(
                        "with {}:\n{}{}",
                        accelerator.name(),
                        tail(&folder.join("qemu.log")),
                        tail(&folder.join("console.log"))
                    ));
                }
            }
        }
        Err(LabError::NoBoot { said: said.concat() })
    }

    /// The last words on the console.
    pub(crate) fn said(&self) -> String {
        tail(&self.folder.join("console.log"))
    }
}

async fn accept(listener: &UnixListener) -> Result<UnixStream, LabError> {
    listener.accept().await.map(|(stream, _)| stream).map_err(LabError::io("accept a connection of qemu"))
}

/// A port that nobody listens at. Somebody may before qemu does; then it ends at once.
async fn free_port() -> Result<u16, LabError> {
    let find = async { TcpListener::bind("127.0.0.1:0").await?.local_addr() };
    find.await.map(|address| address.port()).map_err(LabError::io("find a free TCP port"))
}

fn spawn(cache: &Path, folder: &Path, accelerator: Accelerator, dbus_port: u16) -> Result<Child, LabError> {
    let root = cache.join("root");
    let log = fs::File::create(folder.join("qemu.log")).map_err(LabError::io("create qemu.log"))?;
    let errors = log.try_clone().map_err(LabError::io("open qemu.log twice"))?;
    let path = |name: &str| folder.join(name).display().to_string();
    // No BIOS but qboot, and the kernel entered directly: SeaBIOS and a compressed kernel cost seconds.
    let mut arguments: Vec<OsString> = vec!["-kernel".into(), cache.join("vmlinux").into()];
    arguments.extend(["-initrd".into(), cache.join("initrd").into()]);
    arguments.extend(["-L".into(), root.join("usr/share/qemu").into()]);
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
    add(&["-accel", accelerator.name(), "-cpu", "max", "-M", "q35", "-m", "384", "-smp", "2", "-bios", "qboot.rom"]);
    add(&["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
    add(&["-append", "console=ttyS0 quiet panic=-1 cryptomgr.notests=1 mitigations=off"]);
    add(&["-serial", &format!("file:{}", path("console.log"))]);
    add(&["-device", "virtio-serial-pci,max_ports=8"]);
    add(&["-chardev", &format!("socket,id=hci0,path={}", path("hci0")), "-device", "virtconsole,chardev=hci0"]);
    add(&["-chardev", &format!("socket,id=control,path={}", path("control"))]);
    add(&["-device", "virtserialport,chardev=control,name=control"]);
    for (name, file) in [("bluetoothd", "bluetoothd.log"), ("btmon", "btmon.snoop")] {
        add(&["-chardev", &format!("file,id={name},path={}", path(file))]);
        add(&["-device", &format!("virtserialport,chardev={name},name={name}")]);
    }
    let forward = format!("hostfwd=tcp:127.0.0.1:{dbus_port}-:{GUEST_DBUS_PORT}");
    add(&["-nic", &format!("user,model=virtio-net-pci,restrict=on,{forward}")]);

    Command::new(root.join("usr/bin/qemu-system-x86_64"))
        .env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .kill_on_drop(true)
        .spawn()
        .map_err(LabError::io(format!("start qemu from {}; remove the cache if it is damaged", cache.display())))
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(8)).fold(String::new(), |all, line| all + line + "\n")
}
