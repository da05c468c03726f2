//! A peripheral with a thread of its own.

use alloc::string::String;
use std::{boxed::Box, io, path::PathBuf, thread::JoinHandle};

use tokio::sync::{mpsc, oneshot};

use super::{Event, Faults, Options, SharedPeripheral, Stopped, serve};
use crate::linux::radio;

/// Events that wait to be looked at; when nobody does, later ones are lost.
const EVENTS: usize = 256;

/// Where the controller of a peripheral is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// A unix socket that speaks HCI in H4 framing.
    Socket(PathBuf),
    /// An adapter of this computer: 1 for `hci1`.
    Adapter(u16),
}

/// A peripheral that is served; dropping it takes it off the air.
#[derive(Debug)]
pub struct Bridge {
    /// To make faults with.
    pub faults: Faults,
    /// What happens.
    pub events: mpsc::Receiver<Event>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), BridgeError>>>,
}

/// Why a peripheral could not be served, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// No thread, no runtime, no controller.
    #[error("open the controller")]
    Open(#[from] io::Error),
    /// The controller or the stack failed.
    #[error("serve the peripheral: {0}")]
    Radio(String),
    /// The serving thread panicked.
    #[error("the peripheral's thread panicked")]
    Panicked,
}

/// Puts a peripheral on the air, on a thread of its own. `now` is true UTC in milliseconds.
///
/// # Errors
/// When there is no thread to be had; that the controller cannot be opened is said by [`Bridge::stop`].
pub fn start(
    at: Where,
    peripheral: SharedPeripheral,
    options: Options,
    now: impl Fn() -> i64 + Send + 'static,
) -> io::Result<Bridge> {
    let faults = Faults::none();
    let (told, events) = mpsc::channel(EVENTS);
    let (stop, stopped) = oneshot::channel();
    let own_faults = faults.clone();
    let thread = std::thread::Builder::new().name("peripheral".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // A full queue means that nobody looks.
        let tell = |event| told.try_send(event).unwrap_or_default();
        runtime.block_on(async {
            tokio::select! {
                result = run(at, peripheral, &options, now, &own_faults, tell) => result,
                // Dropped or told so: both end it.
                _ = stopped => Ok(()),
            }
        })
    })?;
    Ok(Bridge { faults, events, stop: Some(stop), thread: Some(thread) })
}

async fn run(
    at: Where,
    peripheral: SharedPeripheral,
    options: &Options,
    now: impl Fn() -> i64,
    faults: &Faults,
    tell: impl FnMut(Event),
) -> Result<(), BridgeError> {
    match at {
        Where::Socket(path) => {
            let controller = radio::on_socket(&path).await?;
            Box::pin(serve(controller, peripheral, options, now, faults, tell))
                .await
                .map_err(|stopped| failed(&stopped))
        }
        Where::Adapter(index) => {
            let controller = radio::on_adapter(index)?;
            Box::pin(serve(controller, peripheral, options, now, faults, tell))
                .await
                .map_err(|stopped| failed(&stopped))
        }
    }
}

fn failed<E: core::fmt::Debug>(stopped: &Stopped<E>) -> BridgeError {
    BridgeError::Radio(std::format!("{stopped:?}"))
}

impl Bridge {
    /// Takes the peripheral off the air.
    ///
    /// # Errors
    /// What had ended it before.
    pub fn stop(mut self) -> Result<(), BridgeError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), BridgeError> {
        // It may have ended by itself.
        drop(self.stop.take());
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Err(BridgeError::Panicked)))
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // Who wants to know why asks `stop`.
        self.end().ok();
    }
}
