//! Passwords and tickets against the lab's domain controller: the whole workflow, and what the service does to an
//! account.
//!
//! The workflow ends on laptops as they are: what the exports install is installed, on Windows as far as Wine is one.
//!
//! A proxy of the tests is between `imd` and the controller: it counts connections and can cut them off.

mod accounts;
mod look_up;
mod off_boarding;
mod on_linux;
mod on_windows;
mod passwords;
mod proxy;
mod tickets;
mod timing;
mod workflow;
