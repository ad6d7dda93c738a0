//! The log: lines to standard error, as text or JSON, written by a thread of their own, so that
//! nobody who reads slowly, or not any more, keeps the server from answering.

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
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::Failure;
use crate::{config::Logging, http::middleware::request_id::CurrentRequest};

/// Lines that may wait to be written; what comes then is lost, and counted.
const QUEUE: usize = 8192;
/// Bytes that are written at once.
const CHUNK: usize = 64 << 10;
/// How long the last lines may take at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines that found no room, since the start.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines were lost because nobody took them in time.
pub fn lost_lines() -> u64 {
    LOST.load(Relaxed)
}

/// Starts to log to standard error. The last lines are out when what is answered is dropped.
pub fn start(logging: &Logging) -> Result<LastLines, Failure> {
    let (filter, is_json) = (logging.filter()?, logging.is_json()?);
    let (lines, queue) = mpsc::sync_channel(QUEUE);
    thread::Builder::new().name("log".to_owned()).spawn(move || write_out(&queue))?;
    let (last, is_journal) = (LastLines(lines.clone()), is_journal());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines(lines))
        .log_internal_errors(false);
    if is_json {
        builder
            .with_ansi(false)
            .fmt_fields(JsonFields::new())
            .event_format(AsJson::new(is_journal))
            .init();
    } else {
        builder.with_ansi(wants_colours()).event_format(AsText { is_journal }).init();
    }
    Ok(last)
}

/// Whether log lines may have colours, which would be rubbish in a file or journal.
fn wants_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !refused
}

/// Whether standard error goes to the journal of systemd, which says by which file it does.
fn is_journal() -> bool {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let Some((device, file)) = named.split_once(':') else { return false };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|facts| device.parse() == Ok(facts.dev()) && file.parse() == Ok(facts.ino()))
}

enum Piece {
    Line(Vec<u8>),
    /// To be answered when all before it is written.
    Mark(SyncSender<()>),
}

/// Puts lines into the queue.
struct Lines(SyncSender<Piece>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl io::Write for &Lines {
    /// Takes one whole line at a time.
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

/// Waits, when it is dropped, until the lines before are written, though not for ever.
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
        // Whoever does not read to the end misses it.
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
            chunk.extend_from_slice(
                format!("{} lines of the log were lost\n", lost - told).as_bytes(),
            );
            told = lost;
        }
        // A log that nobody takes any more is no reason to stop serving.
        let _ = io::stderr().write_all(&chunk);
        chunk.clear();
        if let Some(done) = mark {
            let _ = done.send(());
        }
    }
}

/// What the journal reads a line's priority from.
fn priority(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Whether the line does not name the request it is about by itself.
fn lacks_request_id(event: &Event<'_>) -> bool {
    event.metadata().fields().field("request_id").is_none()
}

struct AsText {
    is_journal: bool,
}

impl<S, N> FormatEvent<S, N> for AsText
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = event.metadata().level();
        if self.is_journal {
            // The journal knows the time.
            write!(writer, "<{}>", priority(level))?;
        } else {
            SystemTime.format_time(&mut writer)?;
            writer.write_char(' ')?;
        }
        if writer.has_ansi_escapes() {
            let colour = match *level {
                Level::ERROR => 31,
                Level::WARN => 33,
                Level::INFO => 32,
                Level::DEBUG => 34,
                Level::TRACE => 35,
            };
            write!(writer, "\x1b[{colour}m{level:>5}\x1b[0m ")?;
        } else {
            write!(writer, "{level:>5} ")?;
        }
        let mut text = String::new();
        let fields = Writer::new(&mut text);
        context.format_fields(fields, event)?;
        // One event is one line, whatever others have written into it.
        writer.write_str(&text.replace('\n', "\\n"))?;
        if lacks_request_id(event) {
            let tell = |current: &CurrentRequest| {
                write!(writer, " request_id={:?}", current.id)?;
                current.address.map_or(Ok(()), |address| write!(writer, " address={address}"))
            };
            CurrentRequest::with(tell).unwrap_or(Ok(()))?;
        }
        writeln!(writer)
    }
}

/// The same as one JSON object a line.
struct AsJson {
    json: Format<Json>,
    is_journal: bool,
}

impl AsJson {
    fn new(is_journal: bool) -> Self {
        let json = Format::default().json().flatten_event(true);
        Self { json: json.with_current_span(false).with_span_list(false), is_journal }
    }
}

impl<S, N> FormatEvent<S, N> for AsJson
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
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
        self.json.format_event(context, Writer::new(&mut line), event)?;
        let named = lacks_request_id(event)
            .then(|| CurrentRequest::with(|current| (json!(current.id), json!(current.address))))
            .flatten();
        match (named, line.strip_suffix("}\n")) {
            (Some((id, address)), Some(object)) => {
                writeln!(writer, "{object},\"request_id\":{id},\"address\":{address}}}")
            }
            _ => writer.write_str(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use serde_json::Value;
    use tracing::instrument::WithSubscriber;

    use super::*;

    /// What is written about a request in whose course somebody warns.
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
    async fn a_line_about_a_request_carries_its_id() {
        let builder = || tracing_subscriber::fmt().with_ansi(false);
        let json = written(|lines| {
            let format = AsJson::new(false);
            builder().fmt_fields(JsonFields::new()).event_format(format).with_writer(lines).finish()
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
            builder().event_format(AsText { is_journal: false }).with_writer(lines).finish()
        });
        let text = text.await;
        let (_, said) = text.split_once(" WARN ").unwrap();
        assert_eq!(said, "it failed cause=\"no\\nroom\" request_id=\"abc-1\" address=127.0.0.1\n");
    }

    #[tokio::test]
    async fn the_journal_is_told_how_bad_it_is() {
        let text = written(|lines| {
            let format = AsText { is_journal: true };
            tracing_subscriber::fmt()
                .with_ansi(false)
                .event_format(format)
                .with_writer(lines)
                .finish()
        });
        assert!(text.await.starts_with("<4> WARN it failed"));
    }
}
