//! A TCP proxy on loopback that fails on order: for any server, in the moment that counts.

#![allow(dead_code, reason = "each test file uses its part of this")]
#![expect(clippy::disallowed_methods, reason = "a slow network is slow in real time")]

use std::{
    collections::VecDeque,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The line is cut before the server sees anything of the request.
    DropBefore,
    /// The server has done what was asked, and the line is cut before the client hears of it.
    DropAfter,
    /// The request takes this long to get there.
    Delay(Duration),
    /// The request gets nowhere, and nobody answers.
    Silent,
    /// Somebody else answers, such as a captive portal, and cuts the line.
    Answer(Vec<u8>),
}

/// Faults wait in order; each strikes once, at the first request that holds its words.
type Faults = Arc<Mutex<VecDeque<(Vec<u8>, Fault)>>>;

/// What becomes of the server's answers on one connection.
const CARRIED: usize = 0;
const CUT: usize = 1;
const SILENT: usize = 2;

/// A way to a server. Without faults it changes nothing.
pub struct Proxy {
    address: SocketAddr,
    faults: Faults,
    refuse: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Proxy {
    /// Leads to a port of 127.0.0.1.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            faults: Faults::default(),
            refuse: Arc::default(),
            over: Arc::default(),
        };
        let (faults, refuse, over) = (proxy.faults.clone(), proxy.refuse.clone(), proxy.over.clone());
        thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { continue };
                if refuse.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    continue;
                }
                // A server that is down closes the line, as the kernel would.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)) {
                    carry(client, server, faults.clone());
                }
            }
        });
        proxy
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next request that holds these words meets this fault; no words: the next one at all.
    pub fn next(&self, words: &str, fault: Fault) {
        self.faults.lock().unwrap().push_back((words.as_bytes().to_vec(), fault));
    }

    /// Faults that have not struck yet never do.
    pub fn calm(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// So many connections are closed as soon as they are made.
    pub fn refuse(&self, connections: usize) {
        self.refuse.store(connections, Ordering::Relaxed);
    }

    /// Faults that have not struck yet.
    pub fn waiting(&self) -> usize {
        self.faults.lock().unwrap().len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for visitors.
        TcpStream::connect(self.address).ok();
    }
}

/// Carries bytes both ways until one side ends.
fn carry(client: TcpStream, server: TcpStream, faults: Faults) {
    let answers = Arc::new(AtomicUsize::new(CARRIED));
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let told = answers.clone();
    thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut bytes) {
            if told.load(Ordering::SeqCst) == CUT || to_client.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        if told.load(Ordering::SeqCst) == SILENT {
            return;
        }
        to_client.shutdown(Shutdown::Both).ok();
        from_server.shutdown(Shutdown::Both).ok();
    });
    thread::spawn(move || {
        requests(client.try_clone().unwrap(), server.try_clone().unwrap(), &faults, &answers);
        // A server that is still at work is let finish: cutting its line would be another fault.
        if answers.load(Ordering::SeqCst) != CUT {
            client.shutdown(Shutdown::Both).ok();
            server.shutdown(Shutdown::Both).ok();
        }
    });
}

fn requests(mut client: TcpStream, mut server: TcpStream, faults: &Faults, answers: &AtomicUsize) {
    let mut bytes = [0; 16 * 1024];
    let mut seen: Vec<u8> = Vec::new();
    while let Ok(length @ 1..) = client.read(&mut bytes) {
        seen.extend(&bytes[..length]);
        let strikes = {
            let mut faults = faults.lock().unwrap();
            let struck = faults.front().is_some_and(|(words, _)| holds(&seen, words));
            if struck { faults.pop_front() } else { None }
        };
        // Words may be parted between two reads.
        seen.drain(..seen.len().saturating_sub(64));
        match strikes.map(|(_, fault)| fault) {
            None => {}
            Some(Fault::DropBefore) => return,
            Some(Fault::DropAfter) => answers.store(CUT, Ordering::SeqCst),
            Some(Fault::Delay(time)) => thread::sleep(time),
            Some(Fault::Silent) => {
                answers.store(SILENT, Ordering::SeqCst);
                server.shutdown(Shutdown::Both).ok();
                // Until the client has had enough.
                while let Ok(1..) = client.read(&mut bytes) {}
                return;
            }
            Some(Fault::Answer(answer)) => {
                client.write_all(&answer).ok();
                return;
            }
        }
        if server.write_all(&bytes[..length]).is_err() {
            return;
        }
    }
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    words.is_empty() || bytes.windows(words.len()).any(|window| window == words)
}
