//! Many small durable changes: one thread commits whatever is queued, in one transaction, without a timer.
//!
//! One commit writes to disk everything that arrived during the commit before. Each change is a savepoint of its own,
//! so a failing one does not affect the others; it is answered only after the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rusqlite::{Transaction, TransactionBehavior};

use super::{Error, Store, WriteTransaction, lock};

/// How many changes go into one transaction at most, so that other writers get their transaction.
const MOST: usize = 256;

/// Passes changes to the thread, which ends when the last clone is dropped and every change was answered.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "a sender of functions has no useful Debug")]
pub struct Queue(Sender<Work>);

/// A change to be made within the transaction. What it returns is called after the commit.
type Work = Box<dyn FnOnce(Result<&Transaction<'_>, Error>) -> Answer + Send>;
/// Called with the result of the transaction.
type Answer = Box<dyn FnOnce(Option<Error>) + Send>;

impl Store {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn queue(&self) -> std::io::Result<Queue> {
        let (sender, receiver) = channel();
        let store = self.clone();
        thread::Builder::new().name("commits".to_owned()).spawn(move || run(&store, &receiver))?;
        Ok(Queue(sender))
    }
}

impl Queue {
    /// Makes a change and waits until it is on disk or rolled back.
    ///
    /// `E` is the caller's own error: a decision to refuse is rolled back like a failure.
    pub fn run<T, E>(&self, act: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (tell, told) = channel::<Result<T, E>>();
        let work: Work = Box::new(move |transaction| {
            let done = transaction.map_err(E::from).and_then(|transaction| attempt(transaction, act));
            Box::new(move |failed| {
                // The caller may be gone; the change is committed all the same.
                let _ = tell.send(match failed {
                    None => done,
                    Some(error) => Err(error.into()),
                });
            })
        });
        self.0.send(work).map_err(|_| E::from(Error::Canceled))?;
        told.recv().unwrap_or_else(|_| Err(Error::Canceled.into()))
    }
}

fn attempt<T, E: From<Error>>(
    transaction: &Transaction<'_>,
    act: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let execute = |sql| transaction.prepare_cached(sql)?.execute([]).map(|_| ()).map_err(Error::from);
    execute("SAVEPOINT change")?;
    // A change that panics fails like any other, so that the thread lives on for later ones.
    let done = catch_unwind(AssertUnwindSafe(|| act(&WriteTransaction::of(transaction))));
    let done = done.unwrap_or_else(|_| Err(Error::Uncommitted { why: "imd itself failed in it".to_owned() }.into()));
    if done.is_err() {
        execute("ROLLBACK TO change")?;
    }
    execute("RELEASE change")?;
    done
}

fn run(store: &Store, receiver: &Receiver<Work>) {
    while let Ok(first) = receiver.recv() {
        let works = std::iter::once(first).chain(receiver.try_iter().take(MOST - 1)).collect();
        let (answers, failed) = commit(store, works);
        for answer in answers {
            answer(failed.as_ref().map(Error::again));
        }
    }
}

/// Makes the changes in one transaction, and returns its error, if any.
fn commit(store: &Store, works: Vec<Work>) -> (Vec<Answer>, Option<Error>) {
    let at = |error: rusqlite::Error| Error::from(error).at(&store.0.dir);
    let mut writer = lock(&store.0.writer);
    match writer.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => {
            let answers = works.into_iter().map(|work| work(Ok(&transaction))).collect();
            (answers, transaction.commit().err().map(at))
        }
        Err(error) => {
            let error = at(error);
            (works.into_iter().map(|work| work(Err(error.again()))).collect(), Some(error))
        }
    }
}
