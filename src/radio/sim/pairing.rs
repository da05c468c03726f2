//! Pairing with a simulated counter that wants to be paired: it shows six digits, as a real one does on its screen.
//! Its screen is a file beside its memory, so that a test can look at it; that it was paired is another.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::sync::oneshot;

use super::clock::SimClock;
use crate::{
    config::SimulatedPairing,
    radio::{
        RadioError,
        bluez::agent::{ANSWER_WITHIN, Answer, PairError, PairedHow, Question, Questions},
    },
    time::Clock as _,
};

/// Who wears the simulated counter types digits into it as quickly as this.
const TYPES_WITHIN: Duration = Duration::from_secs(3);

/// What a simulated counter wants before it speaks with a host.
pub struct Bonding {
    how: SimulatedPairing,
    screen: PathBuf,
    paired: PathBuf,
}

impl Bonding {
    /// Of the counter whose memory is this file: its screen is the file with the ending `digits`, and one with the
    /// ending `paired` is there once it is paired.
    pub fn beside(flash: &Path, how: SimulatedPairing) -> Self {
        Self { how, screen: flash.with_extension("digits"), paired: flash.with_extension("paired") }
    }

    /// Whether it has been paired.
    pub fn is_paired(&self) -> bool {
        self.paired.exists()
    }

    /// Forgets that it was.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        remove(&self.paired)
    }

    /// Pairs; the person is asked through `questions`.
    ///
    /// # Errors
    /// When the digits were others, nobody answered in time, or a file cannot be written.
    pub async fn pair(
        &self,
        clock: &SimClock,
        digits: u32,
        within: Duration,
        questions: Questions,
    ) -> Result<PairedHow, PairError> {
        let question = match self.how {
            SimulatedPairing::Digits => Question::TypeDigits,
            SimulatedPairing::Compare => Question::Compare(digits),
            SimulatedPairing::Typed => Question::Show(digits),
            SimulatedPairing::None => {
                write(&self.paired, "").map_err(platform)?;
                return Ok(PairedHow::JustWorks);
            }
        };
        if self.how != SimulatedPairing::Typed {
            write(&self.screen, &format!("{digits:06}\n")).map_err(platform)?;
            tracing::info!("the simulated counter shows six digits; they stand in {}", self.screen.display());
        }
        let (sender, answer) = oneshot::channel();
        let asked = questions.send((question, sender)).await;
        let agreed = if asked.is_err() {
            Err(PairError::Refused)
        } else if self.how == SimulatedPairing::Typed {
            clock.sleep(TYPES_WITHIN).await;
            Ok(())
        } else {
            tokio::select! {
                answer = answer => match answer {
                    Ok(Answer::Digits(typed)) if typed == digits => Ok(()),
                    Ok(Answer::Yes) if self.how == SimulatedPairing::Compare => Ok(()),
                    _ => Err(PairError::Refused),
                },
                () = clock.sleep(within.min(ANSWER_WITHIN)) => Err(PairError::NotAnswered),
            }
        };
        remove(&self.screen).map_err(platform)?;
        agreed?;
        write(&self.paired, "").map_err(platform)?;
        Ok(PairedHow::Digits)
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // Written beside and moved, so that whoever looks sees all digits or none.
    let beside = path.with_extension("new");
    File::create(&beside)?.write_all(text.as_bytes())?;
    fs::rename(&beside, path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn platform(error: io::Error) -> PairError {
    PairError::Radio(RadioError::Platform(Box::new(error)))
}
