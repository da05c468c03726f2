//! A private message bus for one test.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Writes the settings of a bus that lets everybody do everything, and says where they are. It listens at `bus` in the
/// same folder.
pub fn configure(folder: &Path) -> PathBuf {
    let config = folder.join("bus.conf");
    let text = format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig><type>system</type>\
         <listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>\
         <allow own=\"*\"/><allow send_type=\"method_call\"/><allow send_type=\"signal\"/>\
         <allow send_requested_reply=\"true\" send_type=\"method_return\"/>\
         <allow send_requested_reply=\"true\" send_type=\"error\"/><allow receive_type=\"method_call\"/>\
         <allow receive_type=\"method_return\"/><allow receive_type=\"error\"/><allow receive_type=\"signal\"/>\
         </policy></busconfig>",
        folder.join("bus").display()
    );
    File::create(&config).unwrap().write_all(text.as_bytes()).unwrap();
    config
}

/// Starts it, and gives its address.
pub fn start(config: &Path) -> (Child, String) {
    let mut bus = Command::new("dbus-daemon")
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile", "--print-address"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("dbus-daemon (Debian: dbus-daemon)");
    let mut address = String::new();
    BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
    // Without the bus's own number: it has another after a restart.
    let address = address.trim().split(',').next().unwrap_or_default().to_owned();
    (bus, address)
}
