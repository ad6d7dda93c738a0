//! Logs lines to standard error, as text or JSON. A separate thread writes them, so that a slow
//! reader does not block the server.

use std::{
    fmt,
    io::{self, IsTerminal, Write as _},
    os::unix::fs::MetadataExt,
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{Format, Json, JsonFields, Writer},
    },
    registry::LookupSpan,
};

use super::Failure;
use crate::{config::Logging, http::middleware::request_id::CurrentRequest};

/// Maximum number of queued lines; further ones are dropped and counted.
const QUEUE: usize = 8192;
/// Maximum number of bytes per write.
const CHUNK: usize = 64 << 10;
/// How long writing the last lines may take at exit.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines dropped because the queue was full.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Returns how many lines were lost because the queue was full.
pub fn lost_lines() -> u64 {
    LOST.load(Relaxed)
}

/// Starts logging to standard error. Dropping the result waits for the last lines.
pub fn start(logging: &Logging) -> Result<LastLines, Failure> {
    let (filter, is_json) = (logging.filter()?, logging.is_json()?);
    let (lines, queue) = mpsc::sync_channel(QUEUE);
    thread::Builder::new().name("log".to_owned()).spawn(move || write_out(&queue))?;
    let last = LastLines(lines.clone());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines(lines))
        .log_internal_errors(false);
    match (is_json, is_journal()) {
        (true, is_journal) => {
            let line = Line { format: json_format(), is_journal };
            builder.fmt_fields(JsonFields::new()).event_format(line).init();
        }
        // The journal records the time and shows no colours.
        (false, true) => {
            let format = text_format().without_time().with_ansi(false);
            builder.event_format(Line { format, is_journal: true }).init();
        }
        (false, false) => {
            let format = text_format().with_ansi(wants_colours());
            builder.event_format(Line { format, is_journal: false }).init();
        }
    }
    Ok(last)
}

fn text_format() -> Format {
    Format::default().with_target(false)
}

fn json_format() -> Format<Json> {
    let json = Format::default().json().flatten_event(true);
    json.with_current_span(false).with_span_list(false)
}

/// Whether log lines may be coloured; colours would be garbage in a file or journal.
fn wants_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !refused
}

/// Returns whether standard error is the systemd journal, which names the file it reads from.
fn is_journal() -> bool {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let Some((device, file)) = named.split_once(':') else { return false };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|facts| device.parse() == Ok(facts.dev()) && file.parse() == Ok(facts.ino()))
}

enum Piece {
    Line(Vec<u8>),
    /// Answered once all earlier lines are written.
    Mark(SyncSender<()>),
}

/// Queues lines.
struct Lines(SyncSender<Piece>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl io::Write for &Lines {
    /// Receives one whole line per call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Piece::Line(line.to_vec())).is_err() {
            LOST.fetch_add(1, Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// When dropped, waits until all earlier lines are written, but no longer than [`PATIENCE`].
pub struct LastLines(SyncSender<Piece>);

impl Drop for LastLines {
    fn drop(&mut self) {
        let until = Instant::now() + PATIENCE;
        let (done, is_done) = mpsc::sync_channel(1);
        let mut mark = Piece::Mark(done);
        while let Err(TrySendError::Full(back)) = self.0.try_send(mark) {
            if Instant::now() > until {
                return;
            }
            mark = back;
            thread::sleep(Duration::from_millis(10));
        }
        // If the reader is too slow, the last lines are lost.
        let _ = is_done.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn write_out(queue: &Receiver<Piece>) {
    let (mut chunk, mut told) = (Vec::with_capacity(CHUNK), 0);
    while let Ok(piece) = queue.recv() {
        let mut next = Some(piece);
        let mut mark = None;
        while let Some(piece) = next {
            match piece {
                Piece::Line(line) => chunk.extend_from_slice(&line),
                Piece::Mark(done) => mark = Some(done),
            }
            next = (chunk.len() < CHUNK && mark.is_none()).then(|| queue.try_recv().ok()).flatten();
        }
        let lost = lost_lines();
        if lost > told {
            chunk.extend_from_slice(format!("{} log lines were lost\n", lost - told).as_bytes());
            told = lost;
        }
        // The server keeps running even if nobody reads the log.
        let _ = io::stderr().write_all(&chunk);
        chunk.clear();
        if let Some(done) = mark {
            let _ = done.send(());
        }
    }
}

/// The priority of a line in the journal.
fn priority(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Writes an event as one line, with the id and address of its request.
struct Line<F> {
    format: F,
    is_journal: bool,
}

impl<S, N, F> FormatEvent<S, N> for Line<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.is_journal {
            write!(writer, "<{}>", priority(event.metadata().level()))?;
        }
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        // Values may contain line breaks.
        let line = line.trim_end_matches('\n').replace('\n', "\\n");
        let request = CurrentRequest::with(|current| (json!(current.id), current.address));
        // Some events have a request id of their own.
        let names_it = event.metadata().fields().field("request_id").is_some();
        match (request.filter(|_| !names_it), line.strip_suffix('}')) {
            (None, _) => writeln!(writer, "{line}"),
            (Some((id, address)), Some(object)) if line.starts_with('{') => {
                let address = json!(address);
                writeln!(writer, "{object},\"request_id\":{id},\"address\":{address}}}")
            }
            (Some((id, None)), _) => writeln!(writer, "{line} request_id={id}"),
            (Some((id, Some(address))), _) => {
                writeln!(writer, "{line} request_id={id} address={address}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use serde_json::Value;
    use tracing::instrument::WithSubscriber;

    use super::*;

    /// Returns what is logged for a warning during a request.
    async fn written<F>(make: impl FnOnce(Lines) -> F) -> String
    where
        F: Subscriber + Send + Sync,
    {
        let (lines, queue) = mpsc::sync_channel(8);
        let work = async { tracing::warn!(cause = "no\nroom", "it failed") };
        let address = Some(IpAddr::from([127, 0, 0, 1]));
        CurrentRequest::scope("abc-1".to_owned(), address, work)
            .with_subscriber(make(Lines(lines)))
            .await;
        match queue.try_recv() {
            Ok(Piece::Line(line)) => String::from_utf8(line).unwrap(),
            _ => panic!("nothing was written"),
        }
    }

    #[tokio::test]
    async fn a_line_about_a_request_contains_its_id() {
        let builder = || tracing_subscriber::fmt().with_ansi(false);
        let json = written(|lines| {
            let line = Line { format: json_format(), is_journal: false };
            builder().fmt_fields(JsonFields::new()).event_format(line).with_writer(lines).finish()
        });
        let line: Value = serde_json::from_str(&json.await).unwrap();
        for (name, value) in [
            ("level", "WARN"),
            ("message", "it failed"),
            ("cause", "no\nroom"),
            ("request_id", "abc-1"),
            ("address", "127.0.0.1"),
        ] {
            assert_eq!(line[name], value, "{line}");
        }
        let text = written(|lines| {
            let line = Line { format: text_format().with_ansi(false), is_journal: false };
            builder().event_format(line).with_writer(lines).finish()
        });
        let text = text.await;
        let (_, said) = text.split_once(" WARN ").unwrap();
        assert_eq!(said, "it failed cause=\"no\\nroom\" request_id=\"abc-1\" address=127.0.0.1\n");
    }

    #[tokio::test]
    async fn the_journal_gets_the_priority() {
        let text = written(|lines| {
            let format = text_format().without_time().with_ansi(false);
            let line = Line { format, is_journal: true };
            tracing_subscriber::fmt().event_format(line).with_writer(lines).finish()
        });
        assert!(text.await.starts_with("<4> WARN it failed"));
    }
}
