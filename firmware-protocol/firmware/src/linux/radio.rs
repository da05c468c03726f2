//! Where the Bluetooth controller is: behind a socket that speaks HCI in H4 framing, or an adapter of this computer.

use std::{io, path::Path};

use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_adapters::tokio_1::FromTokio;
use tokio::{
    io::BufReader,
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use trouble_host::prelude::ExternalController;

/// Commands that may be under way at once.
const COMMANDS: usize = 10;

/// A controller behind a unix socket, as of a virtual air.
pub type SocketController = ExternalController<
    SerialTransport<NoopRawMutex, FromTokio<BufReader<OwnedReadHalf>>, FromTokio<OwnedWriteHalf>>,
    COMMANDS,
>;

/// An adapter of this computer.
pub type AdapterController = ExternalController<bt_hci_linux::Transport, COMMANDS>;

/// Connects to a controller that listens on a unix socket.
pub async fn on_socket(path: &Path) -> io::Result<SocketController> {
    let (read, write) = UnixStream::connect(path).await?.into_split();
    let transport = SerialTransport::new(FromTokio::new(BufReader::new(read)), FromTokio::new(write));
    Ok(ExternalController::new(transport))
}

/// Takes an adapter (1 for `hci1`) for this program alone: it has to be switched off for everybody else
/// (`btmgmt --index 1 power off`), and the program needs the capability `CAP_NET_ADMIN`.
pub fn on_adapter(index: u16) -> io::Result<AdapterController> {
    Ok(ExternalController::new(bt_hci_linux::Transport::new(index)?))
}
