//! An air of its own, for debugging a host by hand: `brisk-air DIR` serves controllers on the unix
//! sockets `DIR/hci0` (a kernel's, public address 00:1B:DC:00:00:00) and `DIR/air` (any number),
//! until it is interrupted. `AIR_PACE` is the number of packets per connection interval, 0 without limit.

use std::{num::NonZeroU8, path::PathBuf};

use ble_lab::air::{Air, Pace};
use tokio::net::UnixListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: brisk-air DIR")?);
    let pace = match std::env::var("AIR_PACE") {
        Ok(packets) => NonZeroU8::new(packets.parse()?).map_or(Pace::Unlimited, Pace::PerInterval),
        Err(_) => Pace::default(),
    };
    let air = Air::new(pace);
    let adapter = UnixListener::bind(directory.join("hci0"))?;
    let others = UnixListener::bind(directory.join("air"))?;
    eprintln!("air: ready in {}", directory.display());
    loop {
        tokio::select! {
            accepted = adapter.accept() => {
                air.attach_stream(accepted?.0, Some(ble_lab::ADAPTER_ADDRESS)).await;
            }
            accepted = others.accept() => {
                air.attach_stream(accepted?.0, None).await;
            }
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
        }
    }
}
