//! The lab's controller under a name that its certificate lacks, whatever address it listens on.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// Forwards connections from a port of `localhost` to the controller at `address`, which has no certificate for that name.
///
/// The threads end with the test.
pub fn under_another_name(address: &str) -> String {
    format!("ldaps://localhost:{}", port_under_another_name(&format!("{address}:636")))
}

/// A port of `localhost` that is forwarded to `to`, an address with its port.
pub fn port_under_another_name(to: &str) -> u16 {
    let listener = TcpListener::bind("localhost:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = to.to_owned();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&to) else { return };
            for (mut from, mut into) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut into);
                    let _ = into.shutdown(Shutdown::Write);
                });
            }
        }
    });
    port
}
