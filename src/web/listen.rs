//! Where browsers are listened to: on this computer always, from other computers while they are let in.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::door::{Came, Door};

/// Connections that wait to be taken.
const BACKLOG: u32 = 128;
/// Connections of other computers at a time; one more waits.
const MOST_CONNECTIONS: usize = 64;

/// A listener for this computer at this address, whose port nobody has. Has to be called within the runtime.
///
/// # Errors
/// When another program has the port, or there is no such address.
pub fn bind_here(at: SocketAddr) -> io::Result<std::net::TcpListener> {
    // Sharing a port, as below, would also be granted with another Brisk of this user: whoever asks without sharing
    // learns of it.
    drop(std::net::TcpListener::bind(at)?);
    bind_beside(at)
}

/// A listener at this address that may have the port of another listener of this program. Has to be called within the
/// runtime.
///
/// # Errors
/// When another program has the port, or there is no such address.
pub fn bind_beside(at: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Two listeners of one port: at the address of this computer alone, and at all of them. Another user's program
    // cannot join them.
    socket.set_reuseport(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Answers the browsers of this computer until told to stop.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve_here(listener: &std::net::TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let listener = TcpListener::from_std(listener.try_clone()?)?;
    let service = router.into_make_service_with_connect_info::<Came>();
    axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Answers other computers whenever they are let in, until told to stop.
pub async fn serve_others(door: Arc<Door>, router: Router, stop: CancellationToken) {
    let mut exposures = door.exposures();
    while !stop.is_cancelled() {
        let now = exposures.borrow_and_update().clone();
        let Some(exposure) = now else {
            tokio::select! {
                () = stop.cancelled() => return,
                // The sender lives in the door, and the door is held here.
                _ = exposures.changed() => continue,
            }
        };
        let listener = match exposure.listener.try_clone().and_then(TcpListener::from_std) {
            Ok(listener) => Cuttable { listener, cut: exposure.cut.clone(), places: places() },
            Err(error) => {
                tracing::error!(%error, "other computers cannot be answered; those of this computer are");
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = exposures.changed() => continue,
                }
            }
        };
        let (keeper, stopped) = (Arc::clone(&door), stop.clone());
        let ended = async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = keeper.end_in_time(&exposure) => {}
            }
        };
        let service = router.clone().into_make_service_with_connect_info::<Came>();
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(ended).await {
            tracing::error!(%error, "other computers are not answered any more");
        }
    }
}

fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST_CONNECTIONS))
}

/// A listener with a bounded number of connections, all of which end at once when they are cut.
struct Cuttable {
    listener: TcpListener,
    cut: CancellationToken,
    places: Arc<Semaphore>,
}

impl Listener for Cuttable {
    type Io = Cut;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cut, SocketAddr) {
        // The semaphore is never closed; without a place the connection would be taken all the same.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        (Cut { stream, over: Box::pin(self.cut.clone().cancelled_owned()), _place: place }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when it is cut, whatever is under way on it.
struct Cut {
    stream: TcpStream,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Cut {
    fn poll_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.over.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Cut {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cut {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn came(stream: &TcpStream, peer: SocketAddr) -> Came {
    // A connection whose own end is not known is none of this computer's.
    let local = stream.local_addr().map_or(IpAddr::from([0, 0, 0, 0]), |at| at.ip());
    Came { peer: peer.ip(), local }
}

impl Connected<IncomingStream<'_, TcpListener>> for Came {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        came(stream.io(), *stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, Cuttable>> for Came {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        came(&stream.io().stream, *stream.remote_addr())
    }
}
