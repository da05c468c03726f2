//! Where browsers are listened to: on this computer always, from other computers while they are let in.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
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
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::door::{Came, Door};

/// Connections that wait to be taken.
const BACKLOG: u32 = 128;
/// Connections of other computers at a time; one more waits.
const MOST_CONNECTIONS: usize = 64;
/// A connection on which nothing moves for so long ends. A live page is told something every 25 seconds.
const IDLE: Duration = Duration::from_secs(60);
/// … or for so long, while a question that was asked in full is being answered: the data of years take a while.
const ANSWERING: Duration = Duration::from_secs(10 * 60);
/// Where the head of a question ends.
const END_OF_HEAD: &[u8; 4] = b"\r\n\r\n";

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
    let places = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
    let listener = Cuttable { listener, cut: CancellationToken::new(), places };
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

/// A listener with a bounded number of connections, all of which end at once when they are cut, and each when nothing
/// moves on it any more.
struct Cuttable {
    listener: TcpListener,
    cut: CancellationToken,
    places: Arc<Semaphore>,
}

impl Listener for Cuttable {
    type Io = Cut<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cut<TcpStream>, SocketAddr) {
        // The semaphore is never closed; without a place the connection would be taken all the same.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        (Cut::new(stream, self.cut.clone(), place), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when it is cut, whatever is under way on it, and when nothing moves on it for too long.
struct Cut<S> {
    stream: S,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    silent: Pin<Box<Sleep>>,
    /// How much of [`END_OF_HEAD`] was read last; all of it from then on until something is written.
    head: usize,
    _place: Option<OwnedSemaphorePermit>,
}

impl<S> Cut<S> {
    fn new(stream: S, cut: CancellationToken, place: Option<OwnedSemaphorePermit>) -> Self {
        let over = Box::pin(cut.cancelled_owned());
        Self { stream, over, silent: Box::pin(sleep(IDLE)), head: 0, _place: place }
    }

    fn poll_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.over.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// Nothing moves just now: an error when that has lasted too long.
    fn poll_silent<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        ready!(self.silent.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn was_read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.head = match END_OF_HEAD.get(self.head) {
                None => break,
                Some(next) if next == byte => self.head + 1,
                Some(_) => usize::from(*byte == b'\r'),
            };
        }
        let may_last = if self.head == END_OF_HEAD.len() { ANSWERING } else { IDLE };
        self.silent.as_mut().reset(Instant::now() + may_last);
    }

    fn was_written(&mut self) {
        self.head = 0;
        self.silent.as_mut().reset(Instant::now() + IDLE);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Cut<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        let before = buf.filled().len();
        let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) else { return self.poll_silent(cx) };
        self.was_read(buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Cut<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_cut(cx)?;
        let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes) else {
            return self.poll_silent(cx);
        };
        self.was_written();
        Poll::Ready(written)
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

impl Connected<IncomingStream<'_, Cuttable>> for Came {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        came(&stream.io().stream, *stream.remote_addr())
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::timeout,
    };

    use super::*;

    /// Nothing moves on this connection: how long it lasts.
    async fn lasts<S: AsyncRead + Unpin>(connection: &mut Cut<S>) -> Duration {
        let begun = Instant::now();
        let ended = connection.read_u8().await.unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_when_nothing_has_moved_on_it_for_a_minute() {
        let (mut browser, ours) = duplex(64);
        let mut ours = Cut::new(ours, CancellationToken::new(), None);
        for _ in 0..3 {
            assert!(timeout(IDLE.mul_f64(0.9), ours.read_u8()).await.is_err(), "it waits");
            browser.write_all(b"G").await.unwrap();
            ours.read_u8().await.unwrap();
        }

        assert_eq!(lasts(&mut ours).await.as_secs(), IDLE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_was_asked_in_full_has_the_time_that_its_answer_takes() {
        let (mut browser, ours) = duplex(64);
        let mut ours = Cut::new(ours, CancellationToken::new(), None);
        browser.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut asked = [0; 18];
        ours.read_exact(&mut asked).await.unwrap();

        assert!(timeout(ANSWERING.mul_f64(0.9), ours.read_u8()).await.is_err(), "it waits");
        ours.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        assert_eq!(lasts(&mut ours).await.as_secs(), IDLE.as_secs());
    }
}
