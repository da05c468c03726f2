//! Commands for the guest's shell, over the serial port at which `guest/init` listens. Many may be
//! under way at once; each answer carries the number of its question.

use std::{collections::BTreeMap, io};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, oneshot},
};

/// What a command in the guest came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit code; 128 and more after a signal.
    pub code: i32,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Standard output and standard error, one after the other, as text.
    pub fn text(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.stdout), String::from_utf8_lossy(&self.stderr))
    }
}

/// The guest's end of the port is closed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed;

/// Closes the port when it is dropped, and so ends the guest.
#[derive(Debug)]
pub(crate) struct Channel {
    questions: mpsc::Sender<Question>,
}

#[derive(Debug)]
struct Question {
    command: String,
    answer: oneshot::Sender<Output>,
}

impl Channel {
    pub(crate) fn new(port: UnixStream) -> Self {
        let (reader, writer) = port.into_split();
        // Whoever asks more at once waits.
        let (questions, asked) = mpsc::channel(16);
        let (answers, answered) = mpsc::channel(16);
        tokio::spawn(async move {
            // Either way the guest answers no more, and the dropped sender says so.
            read_answers(reader, answers).await.unwrap_or_default();
        });
        tokio::spawn(async move {
            serve(writer, asked, answered).await.unwrap_or_default();
        });
        Self { questions }
    }

    /// Waits without a limit: the caller has to set one.
    pub(crate) async fn ask(&self, command: &str) -> Result<Output, Closed> {
        let (answer, answered) = oneshot::channel();
        let question = Question { command: command.to_owned(), answer };
        self.questions.send(question).await.map_err(|_| Closed)?;
        answered.await.map_err(|_| Closed)
    }
}

async fn serve(
    mut writer: OwnedWriteHalf,
    mut asked: mpsc::Receiver<Question>,
    mut answered: mpsc::Receiver<(u64, Output)>,
) -> io::Result<()> {
    let mut pending: BTreeMap<u64, oneshot::Sender<Output>> = BTreeMap::new();
    let mut number = 0;
    loop {
        tokio::select! {
            question = asked.recv() => {
                let Some(Question { command, answer }) = question else { return Ok(()) };
                number += 1;
                pending.insert(number, answer);
                writer.write_all(line(number, &command).as_bytes()).await?;
            }
            answer = answered.recv() => {
                let Some((number, output)) = answer else { return Ok(()) };
                if let Some(asker) = pending.remove(&number) {
                    // Whoever asked may have stopped waiting; then nobody wants to know.
                    asker.send(output).ok();
                }
            }
        }
    }
}

/// The question as `guest/init` reads it.
fn line(number: u64, command: &str) -> String {
    format!("{number} {}\n", command.trim().replace('\\', "\\\\").replace('\n', "\\n"))
}

async fn read_answers(reader: OwnedReadHalf, answers: mpsc::Sender<(u64, Output)>) -> io::Result<()> {
    let mut reader = BufReader::new(reader);
    loop {
        let mut head = String::new();
        if reader.read_line(&mut head).await? == 0 {
            return Ok(());
        }
        let (number, code, stdout, stderr) = parse_head(&head).ok_or(io::ErrorKind::InvalidData)?;
        let mut output = Output { code, stdout: vec![0; stdout], stderr: vec![0; stderr] };
        reader.read_exact(&mut output.stdout).await?;
        reader.read_exact(&mut output.stderr).await?;
        if answers.send((number, output)).await.is_err() {
            return Ok(());
        }
    }
}

/// Number of the question, exit code, lengths of standard output and standard error.
fn parse_head(line: &str) -> Option<(u64, i32, usize, usize)> {
    let mut words = line.split_whitespace();
    let head = (
        words.next()?.parse().ok()?,
        words.next()?.parse().ok()?,
        words.next()?.parse().ok()?,
        words.next()?.parse().ok()?,
    );
    words.next().is_none().then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_one_line_and_loses_nothing() {
        assert_eq!(line(7, "echo 'a\\tb'\nfalse\n"), "7 echo 'a\\\\tb'\\nfalse\n");
    }

    #[test]
    fn a_head_that_is_not_four_numbers_is_none() {
        assert_eq!(parse_head("7 137 3 0\n"), Some((7, 137, 3, 0)));
        assert_eq!(parse_head("7 137 3\n"), None);
        assert_eq!(parse_head("7 137 3 0 0\n"), None);
        assert_eq!(parse_head("[    1.0] hello\n"), None);
    }
}
