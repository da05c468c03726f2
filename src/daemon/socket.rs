//! The control socket: for the user of the daemon, the members of its group, and root.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use axum::serve::Listener;
use tokio::net::{UnixListener, UnixStream, unix::SocketAddr, unix::UCred};

/// A listener that closes connections of everybody else before a byte of theirs is read. The file's permissions keep
/// them out already; this holds where somebody changed them.
pub struct ControlSocket {
    listener: UnixListener,
    user: u32,
    group: u32,
}

impl ControlSocket {
    /// Makes the socket. One left behind by a killed daemon is replaced: the lock on the data says that nobody uses it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        remove_socket(path);
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
        let about = fs::metadata(path)?;
        Ok(Self { listener, user: about.uid(), group: about.gid() })
    }

    fn admits(&self, stream: &UnixStream) -> bool {
        let Ok(peer) = stream.peer_cred() else { return false };
        peer.uid() == self.user || peer.uid() == 0 || peer.gid() == self.group || is_member(&peer, self.group)
    }
}

impl Listener for ControlSocket {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            let (stream, from) = Listener::accept(&mut self.listener).await;
            if self.admits(&stream) {
                return (stream, from);
            }
            tracing::warn!("another user of this computer tried the control socket and was turned away");
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whether the process at the other end is in this group, as far as the system shows its groups to us.
fn is_member(peer: &UCred, group: u32) -> bool {
    let Some(process) = peer.pid() else { return false };
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    // The process may have ended and its number gone to somebody else's.
    let numbers = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.split_whitespace().filter_map(|number| number.parse::<u32>().ok()).collect::<Vec<_>>()
    };
    numbers("Uid:").get(1) == Some(&peer.uid()) && numbers("Groups:").contains(&group)
}

/// Removes the socket file, if there is one.
pub fn remove_socket(socket: &Path) {
    match fs::remove_file(socket) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, "the old control socket could not be removed"),
    }
}
