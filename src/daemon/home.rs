//! What a daemon keeps while everything else is wired anew.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use crate::{
    config::Config,
    pairing::PairingDesk,
    radio::any::AnyRadio,
    store::Store,
    time::Clock,
    web::{door::Door, listen},
};

/// What outlives a change of the counters.
#[derive(Clone)]
pub struct Home {
    /// The store.
    pub store: Arc<Store>,
    /// The settings.
    pub config: Arc<Config>,
    /// The program's clock.
    pub clock: Arc<dyn Clock>,
    /// Where counters are paired; the radio is its.
    pub desk: Arc<PairingDesk>,
    /// Where browsers ask for pages. Kept open while everything behind it is wired anew, so that no browser is turned
    /// away; none when the pages are off, or the port is another program's.
    pub pages: Option<Arc<std::net::TcpListener>>,
    /// Who may see them.
    pub door: Arc<Door>,
}

impl Home {
    /// Of these. Has to be called within the runtime.
    pub fn new(store: Arc<Store>, config: Config, clock: Arc<dyn Clock>, radio: AnyRadio, data_dir: PathBuf) -> Self {
        let config = Arc::new(config);
        let desk = Arc::new(PairingDesk::new(
            Arc::new(radio),
            Arc::clone(&store),
            Arc::clone(&clock),
            Arc::clone(&config),
            data_dir,
        ));
        let pages = listen_here(&config.web.listen);
        let at = pages.as_ref().and_then(|pages| pages.local_addr().ok());
        let door = Arc::new(Door::new(&config.web, at, desk.data_dir(), Arc::clone(&store), Arc::clone(&clock)));
        Self { store, config, clock, desk, pages, door }
    }

    /// The same with pages that need no code: for a person who is not real.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn into_open_house(self) -> io::Result<Self> {
        let at = self.pages.as_ref().and_then(|pages| pages.local_addr().ok());
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let door = Door::new(&self.config.web, at, self.desk.data_dir(), store, clock).into_open_house()?;
        Ok(Self { door: Arc::new(door), ..self })
    }
}

fn listen_here(at: &str) -> Option<Arc<std::net::TcpListener>> {
    // The settings hold an address or "off": that was checked when they were read.
    let at: SocketAddr = at.parse().ok()?;
    match listen::bind_here(at) {
        Ok(listener) => Some(Arc::new(listener)),
        Err(error) => {
            tracing::error!(
                %error,
                "no pages at {at}: another program may use the port. Counters are looked after all the same; \
                 choose another with `[web] listen`"
            );
            None
        }
    }
}
