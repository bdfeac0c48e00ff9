//! The real binary against servers that mean harm: `imd sync` ends with one clear error, and the cache is as it was.
//!
//! Each server is a healthy one until the users are asked for, a page at a time.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use imd::model::directory::Trust;

use crate::support::company;
use crate::support::installation::Installation;
use crate::support::server::*;

/// What a server does when it is asked for a page of users.
type Evil = fn(&mut Client, u32);

/// A company with a filled cache and a hostile controller that does what `evil` says.
struct Company {
    imd: Installation,
    evil: Arc<Mutex<Option<Evil>>>,
}

impl Company {
    fn new() -> Self {
        let imd = company::set_up(5);
        imd.imd(["sync"]).succeeded();
        let evil: Arc<Mutex<Option<Evil>>> = Arc::default();
        let told = Arc::clone(&evil);
        // Its thread ends with the test.
        let server = Server::start_with(&Certificate::default(), usize::MAX, move |client, _| {
            let evil = *told.lock().unwrap();
            serve(client, evil);
        });
        let source = server.source();
        let Trust::Ca { pem, .. } = &source.trust else { panic!("an authority") };
        imd.write("ca.pem", pem);
        imd.write_secret("bind.pw", "secret");
        let url = &source.urls[0];
        let answers = format!(
            "[directory]\nname = \"corp\"\nurls = [\"{url}\"]\nca_file = \"ca.pem\"\nbind = \"svc@x.test\"\n\
             password_file = \"bind.pw\"\n"
        );
        imd.write("controller.toml", answers);
        imd.imd(["setup", "--answers", "controller.toml", "--yes"]).succeeded();
        Self { imd, evil }
    }

    /// A sync fails with these words and one help line, and nothing of the cache has changed.
    #[track_caller]
    fn suffers(&self, what: &str, words: &str, evil: Evil) {
        let before = self.cache();
        *self.evil.lock().unwrap() = Some(evil);
        let run = self.imd.imd(["sync"]);
        run.failed_with(1, ["nothing was changed", words]);
        assert_eq!(self.cache(), before, "{what}");
    }

    /// Every cached user, and every plan, as SQLite's own shell sees them.
    fn cache(&self) -> String {
        assert_eq!(self.imd.row("SELECT count(*) AS users FROM user WHERE state = 'active'")["users"], 5);
        self.imd.sqlite(&["-readonly", "-quote"], "SELECT * FROM user ORDER BY id; SELECT * FROM plan")
    }
}

/// Answers what a client asks, well until it asks for a page of users.
fn serve(client: &mut Client, evil: Option<Evil>) {
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    client.accept_bind();
    while let Some(request) = client.next_request() {
        let id = request.id;
        if !has(&request.bytes, "1.2.840.113556.1.4.319") {
            client.send(&entry_without_guid(id, 0, &[("defaultNamingContext", vec!["DC=x"])]));
            client.send(&result(id, 0x65, 0, ""));
        } else if let Some(evil) = evil {
            return evil(client, id);
        } else {
            client.send(&entry(id, 0, &[("mail", vec!["u0@x.test"])]));
            client.send(&page_end(id, 0, ""));
        }
    }
}

/// Says this, then waits until the client has gone.
fn say(client: &mut Client, bytes: &[u8]) {
    client.send(bytes);
    client.wait_for_the_end();
}

/// One full page; the next was asked for when this returns its id.
fn first_page(client: &mut Client, id: u32) -> u32 {
    client.send(&[user(id, 0), user(id, 1), page_end(id, 0, "more")].concat());
    client.request().id
}

fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..depth {
        bytes = [&[0x30, 0x84][..], &u32::try_from(bytes.len()).unwrap().to_be_bytes(), &bytes].concat();
    }
    bytes
}

#[test]
fn hostile_controller_fails_the_sync_and_keeps_the_cache() {
    let company = Company::new();
    let evils: [(&str, &str, Evil); 11] = [
        ("nested", "sent invalid LDAP", |client, _| say(client, &nested(8000))),
        ("two gibibytes", "longer than 16 MiB", |client, _| say(client, b"\x30\x84\x7f\xff\xff\xff\x02\x01\x02")),
        ("an empty message", "sent invalid LDAP", |client, _| say(client, &[0x30, 0])),
        ("an unknown operation", "sent invalid LDAP", |client, id| say(client, &result(id, 0x6f, 0, ""))),
        ("a wrong message id", "unknown request", |client, id| say(client, &page_end(id + 7, 0, ""))),
        ("a cut", "closed the connection", |client, id| {
            let id = first_page(client, id);
            client.send(&user(id, 2));
        }),
        ("a reset", "closed the connection", |client, id| {
            client.send(&[user(id, 0), page_end(id, 0, "more"), user(id + 1, 1)].concat());
            client.reset_after_next_request();
        }),
        ("half a message", "closed the connection", |client, id| {
            let id = first_page(client, id);
            client.send(&user(id, 2)[..20]);
        }),
        ("a size limit on page two", "sizeLimitExceeded", |client, id| {
            let id = first_page(client, id);
            say(client, &[user(id, 2), page_end(id, 4, "")].concat());
        }),
        ("a referral", "on another server", |client, id| say(client, &page_end(id, 10, ""))),
        ("no answer to whether more follow", "no paging control", |client, id| {
            say(client, &[user(id, 0), result(id, 0x65, 0, "")].concat());
        }),
    ];
    for (what, words, evil) in evils {
        company.suffers(what, words, evil);
    }
}

#[test]
fn silent_controller_fails_the_sync_by_its_deadline() {
    Company::new().suffers("silence", "timed out after 30s", |client, id| {
        first_page(client, id);
        client.wait_for_the_end();
    });
}

#[test]
fn slow_controller_fails_the_sync_by_its_deadline() {
    Company::new().suffers("a byte a second", "timed out after 30s", |client, id| {
        let id = first_page(client, id);
        for byte in user(id, 2) {
            if !client.try_send(&[byte]) {
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    });
}

#[test]
fn an_empty_password_is_refused_before_a_connection_is_made() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let source = source_at(&listener);
    let Trust::Ca { pem, .. } = &source.trust else { panic!("an authority") };
    let imd = Installation::new();
    imd.write("ca.pem", pem);
    imd.write_secret("bind.pw", "");
    let answers = format!(
        "[directory]\nname = \"corp\"\nurls = [\"{}\"]\nca_file = \"ca.pem\"\nbind = \"svc@x.test\"\n\
         password_file = \"bind.pw\"\n",
        source.urls[0]
    );
    imd.write("answers.toml", answers);
    imd.imd(["setup", "--answers", "answers.toml"]).failed_with(1, ["password"]);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody has connected");
}
