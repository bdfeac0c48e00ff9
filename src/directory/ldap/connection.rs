//! One LDAP session over a stream: requests out, checked answers in, nothing waited for without end.
//!
//! Only what was asked is accepted as an answer, and every wait has a deadline and looks at the job's cancellation
//! twenty times a second. After an error other than a search's own result the session is of no more use.

use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

use super::Deadlines;
use super::ber::Malformed;
use super::error::{Error, Refusal, said};
use super::message::{self, Entry, Message, Operation, Outcome};
use super::request::{self, Search};
use crate::directory::{Error as DirectoryError, TakerFailed};
use crate::model::job::Job;
use crate::secrets::Secret;

/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// How much room there is at least for what arrives.
const ROOM: usize = 32 * 1024;
/// How many bytes the answer to one search, or one page of it, may have: memory has to hold a page.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// How many searches are sent together: few enough that their requests and answers fit what the kernel holds for a
/// reader who is not reading yet.
const TOGETHER: usize = 50;

/// Results that may be an answer (RFC 4511, appendix A).
const SIZE_LIMIT_EXCEEDED: u32 = 4;
pub(super) const NO_SUCH_OBJECT: u32 = 32;

/// How many pages in a row may be empty, where few entries match: without a limit a search might never end.
const EMPTY_PAGES: u32 = 1000;

/// Whether a wait is still wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) job: &'a Job,
    /// Set when nobody takes what is read any more.
    pub(super) gone: Option<&'a AtomicBool>,
}

impl<'a> Watch<'a> {
    pub(super) fn over(job: &'a Job) -> Self {
        Self { job, gone: None }
    }

    fn wanted(&self) -> Result<(), DirectoryError> {
        if self.job.is_cancelled() {
            return Err(DirectoryError::Cancelled);
        }
        if self.gone.is_some_and(|gone| gone.load(Ordering::Relaxed)) {
            return Err(TakerFailed.into());
        }
        Ok(())
    }

    /// What `work` comes to, unless the deadline passes or it is no longer wanted.
    pub(super) async fn until<T>(
        &self,
        deadline: Deadline<'_>,
        work: impl Future<Output = T>,
    ) -> Result<T, DirectoryError> {
        let mut work = pin!(work);
        loop {
            self.wanted()?;
            let look = Instant::now() + LOOK;
            match tokio::time::timeout_at(look.min(deadline.at), work.as_mut()).await {
                Ok(done) => return Ok(done),
                Err(_) if look >= deadline.at => return Err(deadline.missed().into()),
                Err(_) => {}
            }
        }
    }
}

/// By when something has to have happened.
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
        Error::Late { server: self.server.to_owned(), what: self.what, after: self.after }
    }

    fn closed(&self) -> Error {
        Error::Closed { server: self.server.to_owned(), what: self.what }
    }
}

/// An entry that outlives its message, for the few that need to.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) dn: String,
    /// Each value with the description of its attribute.
    pub(super) values: Vec<(String, Vec<u8>)>,
}

impl Kept {
    /// The first value of an attribute.
    pub(super) fn bytes(&self, attribute: &str) -> Option<&[u8]> {
        let (_, value) = self.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute))?;
        Some(value)
    }

    /// The first value of an attribute, when it is text and not empty.
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(attribute)?).ok().filter(|text| !text.is_empty())
    }
}

impl From<&Entry<'_>> for Kept {
    fn from(entry: &Entry<'_>) -> Self {
        let values = entry.values.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        Self { dn: entry.dn.to_owned(), values }
    }
}

/// A search that was sent and whose answer is awaited.
#[derive(Debug)]
pub(super) struct Asked {
    id: u32,
    /// How many entries the answer may hold.
    most: u32,
    /// The result that is an answer, too: the size limit where only whether there is any entry was asked, no such
    /// object where it may have gone.
    also: Option<u32>,
    base: String,
}

pub(super) struct Connection<S> {
    stream: S,
    received: BytesMut,
    next_id: u32,
    /// How many pages in a row were empty.
    empty: u32,
    server: String,
    deadlines: Deadlines,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A session that is not bound yet. `server` is the address as errors name it.
    pub(super) fn over(stream: S, server: String, deadlines: Deadlines) -> Self {
        Self { stream, received: BytesMut::new(), next_id: 1, empty: 0, server, deadlines }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Asks for TLS, and gives the stream back for it once the server has agreed (RFC 4511, 4.14).
    ///
    /// # Errors
    /// A refusal, and anything said beyond the answer: nobody vouches for what was said before TLS.
    pub(super) async fn start_tls(mut self, watch: Watch<'_>) -> Result<S, DirectoryError> {
        let id = self.take_id();
        let server = self.server.clone();
        let deadline = Deadline::of(&server, "answer StartTLS", self.deadlines.connect);
        self.send(&request::start_tls(id), deadline, watch).await?;
        let frame = self.receive(deadline, watch).await?;
        let Operation::Extended(outcome) = self.read(&frame, id..id + 1)?.operation else {
            return Err(self.malformed(Malformed("StartTLS is answered by something else")).into());
        };
        if outcome.code != 0 {
            return Err(Error::NoStartTls { server, code: outcome.code, said: said(outcome.diagnostic) }.into());
        }
        if !self.received.is_empty() {
            return Err(Error::SaidTooEarly { server }.into());
        }
        Ok(self.stream)
    }

    /// Binds with a password that has been looked at already: `super::connect::credentials`.
    pub(super) async fn bind(&mut self, name: &str, password: &Secret, watch: Watch<'_>) -> Result<(), DirectoryError> {
        let id = self.take_id();
        let request = request::bind(id, name, password.expose());
        let server = self.server.clone();
        let deadline = Deadline::of(&server, "answer the bind", self.deadlines.bind);
        self.send(&request, deadline, watch).await?;
        let frame = self.receive(deadline, watch).await?;
        let Operation::Bound(outcome) = self.read(&frame, id..id + 1)?.operation else {
            return Err(self.malformed(Malformed("it is an answer to something that was not asked")).into());
        };
        let said = said(outcome.diagnostic);
        match outcome.code {
            0 => Ok(()),
            8 => Err(Error::StrongerAuth.into()),
            49 => Err(Error::Bind { bind: crate::model::text::shown(name), why: Refusal::of(&said) }.into()),
            code => Err(Error::BindResult { code, said }.into()),
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
        Ok(Asked { id, most, also: None, base: search.base.to_owned() })
    }

    /// The answer to a page that was asked for: each entry, then the cookie of the next page, if there is one.
    ///
    /// # Errors
    /// Any result but success, more entries than a page may hold, and an answer that does not say whether more
    /// follow.
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
            return Err(self.malformed(Malformed("page after page is empty")).into());
        }
        match cookie {
            Some(cookie) if cookie.is_empty() => Ok(None),
            Some(cookie) => Ok(Some(cookie)),
            None => Err(self.malformed(Malformed("a page ends without saying whether more follow")).into()),
        }
    }

    /// The entries of a search whose answer is short.
    pub(super) async fn few(&mut self, search: &Search<'_>, watch: Watch<'_>) -> Result<Vec<Kept>, DirectoryError> {
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

    /// Whether each of the searches finds anything. They are sent together, to wait for one round trip instead of many.
    pub(super) async fn any(&mut self, searches: &[Search<'_>], watch: Watch<'_>) -> Result<Vec<bool>, DirectoryError> {
        let mut found = Vec::with_capacity(searches.len());
        for searches in searches.chunks(TOGETHER) {
            let first = self.next_id;
            let mut last = None;
            for search in searches {
                last = Some(self.ask(search, None, watch).await?);
            }
            let Some(mut last) = last else { continue };
            last.also = Some(SIZE_LIMIT_EXCEEDED);
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

    /// The entry that each of the searches finds, whose bases may have gone; with `deleted`, also among the deleted.
    pub(super) async fn each(
        &mut self,
        searches: &[Search<'_>],
        deleted: bool,
        watch: Watch<'_>,
    ) -> Result<Vec<Option<Kept>>, DirectoryError> {
        let mut found = Vec::with_capacity(searches.len());
        for searches in searches.chunks(TOGETHER) {
            let first = self.next_id;
            let mut last = None;
            for search in searches {
                last = Some(self.ask_with(search, None, deleted, watch).await?);
            }
            let Some(mut last) = last else { continue };
            last.also = Some(NO_SUCH_OBJECT);
            let mut entries: Vec<Option<Kept>> = searches.iter().map(|_| None).collect();
            self.answers(first..last.id + 1, &last, watch, |at, entry| {
                entries[at] = Some(entry.into());
                Ok(())
            })
            .await?;
            found.extend(entries);
        }
        Ok(found)
    }

    /// Takes the answers to the searches `ids`, in whatever order they come, until each has ended; `each` is given the
    /// place of the search among them and the entry.
    /// Returns the cookie of the last one that ended.
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
                return Err(self.malformed(Malformed("an answer is longer than 256 MiB")).into());
            }
            let message = self.read(&frame, ids.clone())?;
            let at = (message.id - ids.start) as usize;
            if !running[at] {
                return Err(self.malformed(Malformed("a search is answered after its end")).into());
            }
            match message.operation {
                Operation::Entry(entry) => {
                    entries += 1;
                    if entries > asked.most {
                        return Err(self.malformed(Malformed("it has more entries than were asked for")).into());
                    }
                    each(at, &entry)?;
                }
                Operation::Reference => references += 1,
                Operation::Done(outcome) => {
                    if outcome.code != 0 && asked.also != Some(outcome.code) {
                        return Err(unfinished(&asked.base, outcome).into());
                    }
                    running[at] = false;
                    cookie = message.cookie.map(<[u8]>::to_vec);
                }
                Operation::Bound(_) | Operation::Extended(_) | Operation::Notice(_) => {
                    return Err(self.malformed(Malformed("a search is answered by something else")).into());
                }
            }
        }
        if references > 0 {
            tracing::debug!(references, "parts of the tree are kept elsewhere; they are not followed");
        }
        Ok(cookie)
    }

    /// Says good-bye, without waiting for anybody.
    pub(super) async fn close(mut self) {
        let request = request::unbind(self.take_id());
        let farewell = async {
            self.stream.write_all(&request).await?;
            self.stream.shutdown().await
        };
        let _ = tokio::time::timeout(LOOK, farewell).await;
    }

    fn take_id(&mut self) -> u32 {
        let id = self.next_id;
        // A session that lives through 2^31 requests is not met; were it, its ids would begin again.
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
            // A server that never stops sending meets the deadline, too.
            if Instant::now() >= deadline.at {
                return Err(deadline.missed().into());
            }
            self.received.reserve(ROOM);
            let read = watch.until(deadline, self.stream.read_buf(&mut self.received)).await?;
            if !read.is_ok_and(|bytes| bytes > 0) {
                return Err(deadline.closed().into());
            }
        }
    }

    /// The message in `frame`, which answers one of the requests `ids`.
    fn read<'a>(&self, frame: &'a [u8], ids: Range<u32>) -> Result<Message<'a>, Error> {
        let message = Message::read(frame).map_err(|wrong| self.malformed(wrong))?;
        if let Operation::Notice(outcome) = message.operation {
            return Err(Error::Notice { server: self.server.clone(), said: said(outcome.diagnostic) });
        }
        if !ids.contains(&message.id) {
            return Err(self.malformed(Malformed("it answers a request that was not made")));
        }
        Ok(message)
    }

    pub(super) fn malformed(&self, wrong: Malformed) -> Error {
        Error::Malformed { server: self.server.clone(), what: wrong.0 }
    }
}

fn unfinished(base: &str, outcome: Outcome<'_>) -> Error {
    let base = crate::model::text::shown(base);
    match (outcome.code, outcome.referral) {
        (10, address) => Error::Referral { base, to: said(address.unwrap_or(b"(not named)")) },
        (code, _) => Error::Search { base, code, said: said(outcome.diagnostic) },
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
            theirs.write_all(ONE_OF_MORE).await.expect("there is room");
            let mut connection = Connection::over(ours, "dc1".to_owned(), Deadlines::default());
            let filter = "(objectClass=*)";
            let search = Search { base: "", scope: Scope::One, filter, attributes: &["1.1"], size_limit: 1 };
            ask(&mut connection, &search, Watch::over(&Job::unwatched())).await
        })
    }

    #[test]
    fn whether_there_is_any_entry_is_answered_by_one_of_more_even_for_a_single_search() {
        let any = asked(async |connection, search, watch| connection.any(std::slice::from_ref(search), watch).await);
        assert_eq!(any.expect("that there are more is an answer"), [true]);
    }

    #[test]
    fn a_search_that_wants_everything_is_not_answered_by_one_of_more() {
        let few = asked(async |connection, search, watch| connection.few(search, watch).await);
        assert!(matches!(few, Err(DirectoryError::Ldap(Error::Search { code: 4, .. }))));
    }
}
