//! One LDAP session over a stream: sends requests and checks answers, with deadlines.
//!
//! Only answers to sent requests are accepted. Every wait has a deadline and checks for cancellation 20 times a second. After
//! an error other than the result of a search the session must not be used again.

use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

use super::Deadlines;
use super::ber::Malformed;
use super::error::{Error, Refusal, diagnostic};
use super::message::{self, Entry, Message, Operation, Outcome};
use super::request::{self, Search};
use crate::directory::{Error as DirectoryError, TakerFailed};
use crate::model::job::Job;
use crate::secrets::Secret;

/// How often a wait checks for cancellation.
const CANCEL_CHECK: Duration = Duration::from_millis(50);
/// The minimum free space in the receive buffer.
const BUFFER: usize = 32 * 1024;
/// The maximum size of the answer to a search, or of one page of it, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// How many searches are sent at once. Their requests and answers must fit in the kernel's socket buffers.
const PIPELINED: usize = 50;

/// Result codes that are accepted in some cases (RFC 4511, appendix A).
const SIZE_LIMIT_EXCEEDED: u32 = 4;
pub(super) const NO_SUCH_OBJECT: u32 = 32;

/// The maximum number of consecutive empty pages, so that a search always ends.
const EMPTY_PAGES: u32 = 1000;

/// Cancels a wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) job: &'a Job,
    /// Set when the receiver of the read users has ended.
    pub(super) closed: Option<&'a AtomicBool>,
}

impl<'a> Watch<'a> {
    pub(super) fn over(job: &'a Job) -> Self {
        Self { job, closed: None }
    }

    fn wanted(&self) -> Result<(), DirectoryError> {
        if self.job.is_canceled() {
            return Err(DirectoryError::Canceled);
        }
        if self.closed.is_some_and(|closed| closed.load(Ordering::Relaxed)) {
            return Err(TakerFailed.into());
        }
        Ok(())
    }

    /// The result of `work`, unless the deadline passes or the wait is canceled.
    pub(super) async fn until<T>(
        &self,
        deadline: Deadline<'_>,
        work: impl Future<Output = T>,
    ) -> Result<T, DirectoryError> {
        let mut work = pin!(work);
        loop {
            self.wanted()?;
            let next_check = Instant::now() + CANCEL_CHECK;
            match tokio::time::timeout_at(next_check.min(deadline.at), work.as_mut()).await {
                Ok(done) => return Ok(done),
                Err(_) if next_check >= deadline.at => return Err(deadline.missed().into()),
                Err(_) => {}
            }
        }
    }
}

/// The deadline of an operation, with what an error needs to describe it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline<'a> {
    at: Instant,
    after: Duration,
    server: &'a str,
    what: &'static str,
}

impl<'a> Deadline<'a> {
    /// `server` has to do `what` (`answer the bind`) within `after` from now.
    pub(super) fn of(server: &'a str, what: &'static str, after: Duration) -> Self {
        Self { at: Instant::now() + after, after, server, what }
    }

    fn missed(&self) -> Error {
        Error::TimedOut { server: self.server.to_owned(), what: self.what, after: self.after }
    }

    fn closed(&self) -> Error {
        Error::Closed { server: self.server.to_owned(), what: self.what }
    }
}

/// An entry that owns its values.
#[derive(Debug)]
pub(super) struct OwnedEntry {
    pub(super) dn: String,
    /// Each value with its attribute description.
    pub(super) values: Vec<(String, Vec<u8>)>,
}

impl OwnedEntry {
    /// The first value of an attribute.
    pub(super) fn bytes(&self, attribute: &str) -> Option<&[u8]> {
        let (_, value) = self.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute))?;
        Some(value)
    }

    /// The first value of an attribute, if it is UTF-8 and not empty.
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(attribute)?).ok().filter(|text| !text.is_empty())
    }
}

impl From<&Entry<'_>> for OwnedEntry {
    fn from(entry: &Entry<'_>) -> Self {
        let values = entry.values.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        Self { dn: entry.dn.to_owned(), values }
    }
}

/// A search with a pending answer.
#[derive(Debug)]
pub(super) struct Asked {
    id: u32,
    /// The maximum number of entries in the answer.
    most: u32,
    /// A result code that is accepted besides success: sizeLimitExceeded when one entry is enough, noSuchObject when the
    /// base may not exist.
    accepted: Option<u32>,
    base: String,
}

pub(super) struct Connection<S> {
    stream: S,
    received: BytesMut,
    next_id: u32,
    /// The number of consecutive empty pages.
    empty: u32,
    server: String,
    deadlines: Deadlines,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A session that is not bound yet. `server` is the address for errors.
    pub(super) fn over(stream: S, server: String, deadlines: Deadlines) -> Self {
        Self { stream, received: BytesMut::new(), next_id: 1, empty: 0, server, deadlines }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Sends StartTLS, and returns the stream once the server has agreed (RFC 4511, 4.14).
    ///
    /// # Errors
    /// A refusal, or any data after the answer, because data before TLS is not protected.
    pub(super) async fn start_tls(mut self, watch: Watch<'_>) -> Result<S, DirectoryError> {
        let id = self.take_id();
        let server = self.server.clone();
        let deadline = Deadline::of(&server, "answer StartTLS", self.deadlines.connect);
        self.send(&request::start_tls(id), deadline, watch).await?;
        let frame = self.receive(deadline, watch).await?;
        let Operation::Extended(outcome) = self.read(&frame, id..id + 1)?.operation else {
            return Err(self.malformed(Malformed("unexpected answer to StartTLS")).into());
        };
        if outcome.code != 0 {
            return Err(
                Error::StartTlsRefused { server, code: outcome.code, message: diagnostic(outcome.diagnostic) }.into()
            );
        }
        if !self.received.is_empty() {
            return Err(Error::DataBeforeTls { server }.into());
        }
        Ok(self.stream)
    }

    /// Binds with credentials that `super::connect::credentials` has checked.
    pub(super) async fn bind(&mut self, name: &str, password: &Secret, watch: Watch<'_>) -> Result<(), DirectoryError> {
        let id = self.take_id();
        let request = request::bind(id, name, password.expose());
        let server = self.server.clone();
        let deadline = Deadline::of(&server, "answer the bind", self.deadlines.bind);
        self.send(&request, deadline, watch).await?;
        let frame = self.receive(deadline, watch).await?;
        let Operation::Bound(outcome) = self.read(&frame, id..id + 1)?.operation else {
            return Err(self.malformed(Malformed("an answer without a request")).into());
        };
        let message = diagnostic(outcome.diagnostic);
        match outcome.code {
            0 => Ok(()),
            8 => Err(Error::StrongerAuth.into()),
            49 => Err(Error::Bind { bind: crate::model::text::shown(name), why: Refusal::of(&message) }.into()),
            code => Err(Error::BindResult { code, message }.into()),
        }
    }

    /// Sends a search for a page of at most `size` entries, the one after `cookie`.
    pub(super) async fn ask_page(
        &mut self,
        search: &Search<'_>,
        size: u32,
        cookie: &[u8],
        watch: Watch<'_>,
    ) -> Result<Asked, DirectoryError> {
        self.ask(search, Some((size, cookie)), watch).await
    }

    async fn ask(
        &mut self,
        search: &Search<'_>,
        page: Option<(u32, &[u8])>,
        watch: Watch<'_>,
    ) -> Result<Asked, DirectoryError> {
        self.ask_with(search, page, false, watch).await
    }

    async fn ask_with(
        &mut self,
        search: &Search<'_>,
        page: Option<(u32, &[u8])>,
        deleted: bool,
        watch: Watch<'_>,
    ) -> Result<Asked, DirectoryError> {
        let id = self.take_id();
        let request = request::search(id, search, page, deleted)
            .map_err(|_| Error::Filter { filter: crate::model::text::shown(search.filter) })?;
        let server = self.server.clone();
        self.send(&request, Deadline::of(&server, "take a search", self.deadlines.page), watch).await?;
        let most = page.map_or(u32::MAX, |(size, _)| size);
        Ok(Asked { id, most, accepted: None, base: search.base.to_owned() })
    }

    /// Receives a page: calls `each` with every entry, and returns the cookie of the next page, if any.
    ///
    /// # Errors
    /// Any result but success, too many entries, and an answer without a paging control.
    pub(super) async fn page(
        &mut self,
        asked: &Asked,
        watch: Watch<'_>,
        mut each: impl FnMut(&Entry<'_>) -> Result<(), DirectoryError>,
    ) -> Result<Option<Vec<u8>>, DirectoryError> {
        let mut entries = 0_u32;
        let cookie = self.answers(asked.id..asked.id + 1, asked, watch, |_, entry| {
            entries += 1;
            each(entry)
        });
        let cookie = cookie.await?;
        self.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if self.empty > EMPTY_PAGES {
            return Err(self.malformed(Malformed("too many empty pages")).into());
        }
        match cookie {
            Some(cookie) if cookie.is_empty() => Ok(None),
            Some(cookie) => Ok(Some(cookie)),
            None => Err(self.malformed(Malformed("a page has no paging control")).into()),
        }
    }

    /// The entries of a search with a short answer.
    pub(super) async fn few(
        &mut self,
        search: &Search<'_>,
        watch: Watch<'_>,
    ) -> Result<Vec<OwnedEntry>, DirectoryError> {
        const FEW: u32 = 10_000;
        let mut asked = self.ask(search, None, watch).await?;
        asked.most = FEW;
        let mut entries = Vec::new();
        self.answers(asked.id..asked.id + 1, &asked, watch, |_, entry| {
            entries.push(entry.into());
            Ok(())
        })
        .await?;
        Ok(entries)
    }

    /// Every entry of a search, read page by page.
    pub(super) async fn all(
        &mut self,
        search: &Search<'_>,
        size: u32,
        watch: Watch<'_>,
        mut each: impl FnMut(&Entry<'_>) -> Result<(), DirectoryError>,
    ) -> Result<(), DirectoryError> {
        let mut cookie = Vec::new();
        loop {
            let asked = self.ask_page(search, size, &cookie, watch).await?;
            match self.page(&asked, watch, &mut each).await? {
                Some(next) => cookie = next,
                None => return Ok(()),
            }
        }
    }

    /// Whether each of the searches finds an entry. They are pipelined to save round trips.
    pub(super) async fn any(&mut self, searches: &[Search<'_>], watch: Watch<'_>) -> Result<Vec<bool>, DirectoryError> {
        let mut found = Vec::with_capacity(searches.len());
        for searches in searches.chunks(PIPELINED) {
            let first = self.next_id;
            let mut last = None;
            for search in searches {
                last = Some(self.ask(search, None, watch).await?);
            }
            let Some(mut last) = last else { continue };
            last.accepted = Some(SIZE_LIMIT_EXCEEDED);
            let mut have = vec![false; searches.len()];
            self.answers(first..last.id + 1, &last, watch, |at, _| {
                have[at] = true;
                Ok(())
            })
            .await?;
            found.extend(have);
        }
        Ok(found)
    }

    /// The entry that each of the searches finds, if its base exists; with `deleted`, tombstones, too.
    pub(super) async fn each(
        &mut self,
        searches: &[Search<'_>],
        deleted: bool,
        watch: Watch<'_>,
    ) -> Result<Vec<Option<OwnedEntry>>, DirectoryError> {
        let mut found = Vec::with_capacity(searches.len());
        for searches in searches.chunks(PIPELINED) {
            let first = self.next_id;
            let mut last = None;
            for search in searches {
                last = Some(self.ask_with(search, None, deleted, watch).await?);
            }
            let Some(mut last) = last else { continue };
            last.accepted = Some(NO_SUCH_OBJECT);
            let mut entries: Vec<Option<OwnedEntry>> = searches.iter().map(|_| None).collect();
            self.answers(first..last.id + 1, &last, watch, |at, entry| {
                entries[at] = Some(entry.into());
                Ok(())
            })
            .await?;
            found.extend(entries);
        }
        Ok(found)
    }

    /// Receives the answers to the searches `ids`, in any order, until each has ended. Calls `each` with the index of the
    /// search and the entry. Returns the cookie of the search that ended last.
    async fn answers(
        &mut self,
        ids: Range<u32>,
        asked: &Asked,
        watch: Watch<'_>,
        mut each: impl FnMut(usize, &Entry<'_>) -> Result<(), DirectoryError>,
    ) -> Result<Option<Vec<u8>>, DirectoryError> {
        let server = self.server.clone();
        let deadline = Deadline::of(&server, "answer a search", self.deadlines.page);
        let mut running = vec![true; ids.len()];
        let (mut entries, mut bytes, mut references) = (0, 0, 0_u64);
        let mut cookie = None;
        while running.contains(&true) {
            let frame = self.receive(deadline, watch).await?;
            bytes += frame.len();
            if bytes > LONGEST_ANSWER {
                return Err(self.malformed(Malformed("the answer is longer than 256 MiB")).into());
            }
            let message = self.read(&frame, ids.clone())?;
            let at = (message.id - ids.start) as usize;
            if !running[at] {
                return Err(self.malformed(Malformed("data after the end of a search")).into());
            }
            match message.operation {
                Operation::Entry(entry) => {
                    entries += 1;
                    if entries > asked.most {
                        return Err(self.malformed(Malformed("more entries than requested")).into());
                    }
                    each(at, &entry)?;
                }
                Operation::Reference => references += 1,
                Operation::Done(outcome) => {
                    if outcome.code != 0 && asked.accepted != Some(outcome.code) {
                        return Err(search_error(&asked.base, outcome).into());
                    }
                    running[at] = false;
                    cookie = message.cookie.map(<[u8]>::to_vec);
                }
                Operation::Bound(_) | Operation::Extended(_) | Operation::Notice(_) => {
                    return Err(self.malformed(Malformed("unexpected answer to a search")).into());
                }
            }
        }
        if references > 0 {
            tracing::debug!(references, "search references to other servers are not followed");
        }
        Ok(cookie)
    }

    /// Unbinds and closes the connection, without waiting for the server.
    pub(super) async fn close(mut self) {
        let request = request::unbind(self.take_id());
        let closing = async {
            self.stream.write_all(&request).await?;
            self.stream.shutdown().await
        };
        let _ = tokio::time::timeout(CANCEL_CHECK, closing).await;
    }

    fn take_id(&mut self) -> u32 {
        let id = self.next_id;
        // Ids wrap around after 2^31 requests.
        self.next_id = if id >= i32::MAX.unsigned_abs() - 1 { 1 } else { id + 1 };
        id
    }

    async fn send(&mut self, request: &[u8], deadline: Deadline<'_>, watch: Watch<'_>) -> Result<(), DirectoryError> {
        let stream = &mut self.stream;
        let sent = watch.until(deadline, async {
            stream.write_all(request).await?;
            stream.flush().await
        });
        sent.await?.map_err(|_| deadline.closed().into())
    }

    /// The bytes of the next message.
    async fn receive(&mut self, deadline: Deadline<'_>, watch: Watch<'_>) -> Result<BytesMut, DirectoryError> {
        loop {
            let length = message::length(&self.received).map_err(|wrong| self.malformed(wrong))?;
            if let Some(length) = length.filter(|length| *length <= self.received.len()) {
                return Ok(self.received.split_to(length));
            }
            // The deadline also applies to a server that never stops sending.
            if Instant::now() >= deadline.at {
                return Err(deadline.missed().into());
            }
            self.received.reserve(BUFFER);
            let read = watch.until(deadline, self.stream.read_buf(&mut self.received)).await?;
            if !read.is_ok_and(|bytes| bytes > 0) {
                return Err(deadline.closed().into());
            }
        }
    }

    /// Decodes the message in `frame`, which must answer one of the requests `ids`.
    fn read<'a>(&self, frame: &'a [u8], ids: Range<u32>) -> Result<Message<'a>, Error> {
        let message = Message::read(frame).map_err(|wrong| self.malformed(wrong))?;
        if let Operation::Notice(outcome) = message.operation {
            return Err(Error::Notice { server: self.server.clone(), message: diagnostic(outcome.diagnostic) });
        }
        if !ids.contains(&message.id) {
            return Err(self.malformed(Malformed("an answer to an unknown request")));
        }
        Ok(message)
    }

    pub(super) fn malformed(&self, wrong: Malformed) -> Error {
        Error::Malformed { server: self.server.clone(), what: wrong.0 }
    }
}

fn search_error(base: &str, outcome: Outcome<'_>) -> Error {
    let base = crate::model::text::shown(base);
    match (outcome.code, outcome.referral) {
        (10, address) => Error::Referral { base, to: diagnostic(address.unwrap_or(b"(not named)")) },
        (code, _) => Error::Search { base, code, message: diagnostic(outcome.diagnostic) },
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Scope;
    use super::*;

    /// A searchResEntry of "x" to the request 1, then a searchResDone with sizeLimitExceeded (RFC 4511, 4.5.2).
    const ONE_OF_MORE: &[u8] = &[
        0x30, 0x0a, 0x02, 0x01, 0x01, 0x64, 0x05, 0x04, 0x01, b'x', 0x30, 0x00, // the entry
        0x30, 0x0c, 0x02, 0x01, 0x01, 0x65, 0x07, 0x0a, 0x01, 0x04, 0x04, 0x00, 0x04, 0x00, // the end
    ];

    fn asked<T>(ask: impl AsyncFnOnce(&mut Connection<tokio::io::DuplexStream>, &Search<'_>, Watch<'_>) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (ours, mut theirs) = tokio::io::duplex(4096);
            theirs.write_all(ONE_OF_MORE).await.expect("written");
            let mut connection = Connection::over(ours, "dc1".to_owned(), Deadlines::default());
            let filter = "(objectClass=*)";
            let search = Search { base: "", scope: Scope::One, filter, attributes: &["1.1"], size_limit: 1 };
            ask(&mut connection, &search, Watch::over(&Job::unwatched())).await
        })
    }

    #[test]
    fn any_accepts_a_size_limited_answer() {
        let any = asked(async |connection, search, watch| connection.any(std::slice::from_ref(search), watch).await);
        assert_eq!(any.expect("sizeLimitExceeded is accepted"), [true]);
    }

    #[test]
    fn few_rejects_a_size_limited_answer() {
        let few = asked(async |connection, search, watch| connection.few(search, watch).await);
        assert!(matches!(few, Err(DirectoryError::Ldap(Error::Search { code: 4, .. }))));
    }
}
