//! What the console's loop waits for.

use super::message::Message;

#[allow(missing_debug_implementations, reason = "a message may carry a secret")]
pub(super) enum Event {
    Message(Message),
    /// SIGTSTP.
    Stop,
    /// SIGCONT.
    Continued,
    /// A signal that ends the program.
    Ended(i32),
    /// The terminal was closed.
    Gone,
}
