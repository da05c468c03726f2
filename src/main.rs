//! The `brisk` program: arguments in, an exit code out, errors printed once.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("BRISK_LOG").unwrap_or_else(|_| EnvFilter::new("brisk=info"));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .init();
    // A task of a dependency may panic when the system's message bus goes away; the log should say so.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));

    match brisk::cli::main() {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = String::from("brisk");
            for cause in error.chain() {
                text.push_str(": ");
                text.push_str(&cause.to_string());
            }
            // Where standard error is gone too, the exit code is all that is left to say.
            writeln!(std::io::stderr(), "{text}").ok();
            ExitCode::FAILURE
        }
    }
}

/// `brisk … | head`: the reader has had enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
