//! A server that means harm, or is broken, makes one read fail: with an error that says so, and with nothing else.
//!
//! The server is a fake one, so that its bytes can be anything; TLS in front of it is real.

use std::net::TcpListener;
use std::time::Duration;

use imd::directory::ldap::{self, Controller, Deadlines};
use imd::directory::{Error, PasswordOutcome, Query, Read as _, TakerFailed, verify_password};
use imd::filter::Filter;
use imd::model::directory::{Ldap, Source};
use imd::model::job::Job;
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, Guid, User};
use imd::secrets::Secret;
use proptest::prelude::*;

use crate::support::server::*;

/// Long enough for a busy machine to do what it does at once.
const AMPLE: Duration = Duration::from_mins(1);
/// For servers that are meant to miss it.
const SHORT: Duration = Duration::from_millis(300);

fn deadlines(each: Duration) -> Deadlines {
    Deadlines { connect: each, bind: each, page: each }
}

fn open(source: &Ldap, each: Duration) -> Result<Controller, Error> {
    Controller::open(source, Some(&Secret::new("secret")), deadlines(each), &Job::unwatched())
}

fn people() -> Query {
    Query { base: Some("DC=x".to_owned()), filter: "(objectClass=user)".parse::<Filter>().expect("a filter") }
}

/// The outcome of reading every user, and the users that were handed on before it.
fn read(controller: &mut Controller, job: &Job) -> (Result<u64, Error>, Vec<User>) {
    let mut users = Vec::new();
    let outcome = controller.users(&people(), job, &mut |batch| {
        users.extend(batch);
        Ok(())
    });
    (outcome, users)
}

/// What a read comes to when the server, after a good bind, answers as `script` says.
fn against(each: Duration, script: impl FnOnce(&mut Client) + Send + 'static) -> (Result<u64, Error>, Vec<User>) {
    let server = Server::start(move |client| {
        client.accept_bind();
        script(client);
    });
    let mut controller = open(&server.source(), each).expect("it binds");
    let read = read(&mut controller, &Job::unwatched());
    drop(controller);
    server.finish();
    read
}

/// The error that a server causes which answers the first search with these bytes.
fn error_of(answer: impl FnOnce(u32) -> Vec<u8> + Send + 'static) -> ldap::Error {
    let (outcome, users) = against(AMPLE, |client| {
        let request = client.request();
        client.send(&answer(request.id));
        client.wait_for_the_end();
    });
    assert!(users.is_empty());
    match outcome {
        Err(Error::Ldap(error)) => {
            assert!(!error.help().is_empty());
            error
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn users_are_read_until_the_last_page() {
    // The last part of a SearchRequest: the list of attributes. The DN comes with every entry.
    let names = Attribute::ALL.iter().filter(|a| **a != Attribute::DistinguishedName).map(|a| a.name());
    let names: Vec<u8> =
        names.flat_map(|name| [&[4, u8::try_from(name.len()).expect("short")], name.as_bytes()].concat()).collect();
    let [.., high, low] = names.len().to_be_bytes();
    let asked_for = [&[0x30, 0x82, high, low][..], &names].concat();
    let server = Server::start(move |client| {
        client.accept_bind();
        for (page, cookie) in [(0, "one"), (1, "two"), (2, "")] {
            let request = client.request();
            let has = |text: &str| request.bytes.windows(text.len()).any(|bytes| bytes == text.as_bytes());
            let asks = request.bytes.windows(asked_for.len()).any(|bytes| bytes == asked_for);
            assert!(asks, "page {page} asks for exactly the attributes that are kept");
            assert_eq!(has("one"), page == 1, "the cookie is sent back");
            assert_eq!(has("two"), page == 2, "the cookie is sent back");
            for number in 0..3 {
                client.send(&user(request.id, page * 3 + number));
            }
            // Part of the tree is elsewhere: noted, and never followed.
            client.send(&message(request.id, &value(0x73, &[&value(4, &[b"ldap://127.0.0.1:1/DC=y"])])));
            client.send(&page_end(request.id, 0, cookie));
        }
        client.wait_for_the_end();
    });
    let mut controller = open(&server.source(), AMPLE).expect("it binds");
    let (outcome, users) = read(&mut controller, &Job::unwatched());
    assert_eq!(outcome.expect("complete"), 9);
    let names: Vec<_> = users.iter().filter_map(|user| user.first(Attribute::CommonName)).map(Untrusted::raw).collect();
    assert_eq!(names, ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"]);
    drop(controller);
    server.finish();
}

#[test]
fn ranged_values_are_read_completely() {
    let server = Server::start(|client| {
        client.accept_bind();
        let request = client.request();
        let groups = |range: &'static str, values: &[&'static str]| (range, values.to_vec());
        client.send(&entry(request.id, 0, &[groups("memberOf;range=0-1", &["CN=a", "CN=b"])]));
        client.send(&page_end(request.id, 0, ""));
        for (asked, range, values) in [
            ("memberOf;range=2-*", "memberOf;range=2-3", ["CN=c", "CN=d"]),
            ("memberOf;range=4-*", "memberOf;range=4-*", ["CN=e", "CN=f"]),
        ] {
            let request = client.request();
            assert!(request.bytes.windows(asked.len()).any(|bytes| bytes == asked.as_bytes()), "{asked}");
            client.send(&entry_without_guid(request.id, 0, &[groups(range, &values)]));
            client.send(&result(request.id, 0x65, 0, ""));
        }
        client.wait_for_the_end();
    });
    let mut controller = open(&server.source(), AMPLE).expect("it binds");
    let (outcome, users) = read(&mut controller, &Job::unwatched());
    assert_eq!(outcome.expect("complete"), 1);
    let groups: Vec<_> = users[0].values(Attribute::MemberOf).map(Untrusted::raw).collect();
    assert_eq!(groups, ["CN=a", "CN=b", "CN=c", "CN=d", "CN=e", "CN=f"]);
    drop(controller);
    server.finish();
}

/// What counting the members of a group comes to when the server, once it was asked for the entry, answers as `script`
/// says.
fn counted(script: impl FnOnce(&mut Client) + Send + 'static) -> Result<Option<u64>, Error> {
    let server = Server::start(move |client| {
        client.accept_bind();
        let request = client.request();
        client.send(&entry_without_guid(request.id, 0, &[]));
        client.send(&result(request.id, 0x65, 0, ""));
        script(client);
    });
    let mut controller = open(&server.source(), AMPLE).expect("it binds");
    let count = controller.members(&"CN=u0,DC=x".parse().expect("a DN"), &Job::unwatched());
    drop(controller);
    server.finish();
    count
}

#[test]
fn members_are_counted_across_ranges() {
    let count = counted(|client| {
        for (asked, range, values) in [
            ("member;range=0-1499", "member;range=0-1", &["CN=a", "CN=b"][..]),
            ("member;range=2-1501", "member;range=2-4", &["CN=c", "CN=d", "CN=e"]),
            ("member;range=5-1504", "member;range=5-*", &["CN=f"]),
        ] {
            let request = client.request();
            assert!(request.bytes.windows(asked.len()).any(|bytes| bytes == asked.as_bytes()), "{asked}");
            client.send(&entry_without_guid(request.id, 0, &[(range, values.to_vec())]));
            client.send(&result(request.id, 0x65, 0, ""));
        }
        client.wait_for_the_end();
    });
    assert_eq!(count.expect("they are counted"), Some(6));
}

#[test]
fn missing_members_are_reported() {
    let count = counted(|client| {
        while let Some(request) = client.next_request() {
            client.send(&entry_without_guid(request.id, 0, &[("member;range=0-1", vec!["CN=a", "CN=b"])]));
            client.send(&result(request.id, 0x65, 0, ""));
        }
    });
    assert!(matches!(count, Err(Error::Ldap(ldap::Error::Malformed { .. }))), "{count:?}");
}

#[test]
fn repeated_range_ends_the_read() {
    let (outcome, _) = against(AMPLE, |client| {
        let request = client.request();
        client.send(&entry(request.id, 0, &[("memberOf;range=0-1", vec!["CN=a", "CN=b"])]));
        client.send(&page_end(request.id, 0, ""));
        let request = client.request();
        client.send(&entry_without_guid(request.id, 0, &[("memberOf;range=0-1", vec!["CN=a", "CN=b"])]));
        client.send(&result(request.id, 0x65, 0, ""));
        client.wait_for_the_end();
    });
    assert!(matches!(outcome, Err(Error::Undecodable(_))), "{outcome:?}");
}

#[test]
fn endless_ranges_are_limited() {
    let (outcome, _) = against(AMPLE, |client| {
        let request = client.request();
        client.send(&entry(request.id, 0, &[("memberOf;range=0-0", vec!["CN=a"])]));
        client.send(&page_end(request.id, 0, ""));
        for at in 1.. {
            let Some(request) = client.next_request() else { break };
            let range = format!("memberOf;range={at}-{at}");
            client.send(&entry_without_guid(request.id, 0, &[(&range, vec!["CN=a"])]));
            client.send(&result(request.id, 0x65, 0, ""));
        }
    });
    assert!(matches!(outcome, Err(Error::Undecodable(_))), "{outcome:?}");
}

#[test]
fn nested_sequences_do_not_exhaust_the_stack() {
    let nested = |depth: usize| {
        let mut bytes = Vec::new();
        for _ in 0..depth {
            bytes = [&[0x30, 0x84][..], &u32::try_from(bytes.len()).expect("small").to_be_bytes(), &bytes].concat();
        }
        bytes
    };
    assert!(matches!(error_of(move |_| nested(8000)), ldap::Error::Malformed { .. }));
}

#[test]
fn message_of_2_gib_is_rejected_by_its_length() {
    let error = error_of(|_| vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02, 0x01, 0x02]);
    assert!(error.to_string().contains("longer than 16 MiB"), "{error}");
}

#[test]
fn invalid_messages_are_rejected() {
    assert!(matches!(error_of(|_| vec![0x30, 0x00]), ldap::Error::Malformed { .. }), "an empty message");
    assert!(matches!(error_of(|_| b"HTTP/1.1 400 Bad Request\r\n".to_vec()), ldap::Error::Malformed { .. }));
    assert!(matches!(error_of(|id| message(id, &value(0x65, &[]))), ldap::Error::Malformed { .. }), "an empty result");
    assert!(matches!(error_of(|id| result(id, 0x6f, 0, "")), ldap::Error::Malformed { .. }), "an unknown operation");
    assert!(matches!(error_of(|id| result(id, 0x61, 0, "")), ldap::Error::Malformed { .. }), "a bind's answer");
    assert!(matches!(error_of(|id| result(id, 0x78, 0, "")), ldap::Error::Malformed { .. }), "StartTLS's answer");
}

#[test]
fn answer_without_request_is_rejected() {
    assert!(matches!(error_of(|id| page_end(id + 1, 0, "")), ldap::Error::Malformed { .. }));
    assert!(matches!(error_of(|_| page_end(0, 0, "")), ldap::Error::Malformed { .. }));
}

#[test]
fn only_success_on_the_last_page_is_complete() {
    for code in [1, 3, 4, 11, 51, 52] {
        let error = error_of(move |id| [user(id, 0), page_end(id, code, "")].concat());
        assert!(
            matches!(error, ldap::Error::Search { code: found, .. } if found == u32::from(code)),
            "{code}: {error:?}"
        );
    }
    assert!(matches!(error_of(|id| page_end(id, 10, "")), ldap::Error::Referral { .. }));
    let error = error_of(|id| [user(id, 0), result(id, 0x65, 0, "")].concat());
    assert!(matches!(error, ldap::Error::Malformed { .. }), "no paging control: {error:?}");
}

#[test]
fn size_limit_is_an_error_not_a_smaller_directory() {
    let (outcome, users) = against(AMPLE, |client| {
        let request = client.request();
        client.send(&[user(request.id, 0), page_end(request.id, 0, "more")].concat());
        let request = client.request();
        client.send(&[user(request.id, 1), page_end(request.id, 4, "")].concat());
        client.wait_for_the_end();
    });
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::Search { code: 4, .. }))), "{outcome:?}");
    assert_eq!(users.len(), 1, "the second page was thrown away");
}

#[test]
fn cut_connection_is_an_error_not_a_smaller_directory() {
    let (outcome, users) = against(AMPLE, |client| {
        let request = client.request();
        client.send(&[user(request.id, 0), user(request.id, 1)].concat());
    });
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::Closed { .. }))), "{outcome:?}");
    assert!(users.is_empty());
}

#[test]
fn reset_connection_is_an_error_not_a_smaller_directory() {
    let (outcome, users) = against(AMPLE, |client| {
        let request = client.request();
        client.send(&[user(request.id, 0), page_end(request.id, 0, "more")].concat());
        // The answer to the second page begins, and its request is still unread.
        client.send(&user(request.id + 1, 1));
        client.reset_after_next_request();
    });
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::Closed { .. }))), "{outcome:?}");
    assert!(users.len() <= 1, "the second page was thrown away");
}

#[test]
fn too_many_entries_in_a_page_are_rejected() {
    let error = error_of(|id| (0..1001).flat_map(|number| user(id, number)).collect());
    assert!(error.to_string().contains("more entries than requested"), "{error}");
}

#[test]
fn empty_pages_are_limited() {
    let (outcome, _) = against(AMPLE, |client| {
        while let Some(request) = client.next_request() {
            client.send(&page_end(request.id, 0, "more"));
        }
    });
    let error = outcome.expect_err("it ends").to_string();
    assert!(error.contains("too many empty pages"), "{error}");
}

#[test]
fn naming_context_with_hidden_characters_is_rejected() {
    let server = Server::start(|client| {
        client.accept_bind();
        let request = client.request();
        client.send(&entry_without_guid(request.id, 0, &[("defaultNamingContext", vec!["DC=x\u{1b}[2J"])]));
        client.send(&result(request.id, 0x65, 0, ""));
        client.wait_for_the_end();
    });
    let root = open(&server.source(), AMPLE).expect("it binds").root(&Job::unwatched());
    assert!(matches!(root, Err(Error::Ldap(ldap::Error::NoNamingContext { .. }))), "{root:?}");
}

#[test]
fn disconnection_notice_is_reported() {
    let error = error_of(|_| result(0, 0x78, 52, "going down"));
    assert!(matches!(&error, ldap::Error::Notice { message, .. } if message == "going down"), "{error:?}");
}

#[test]
fn silent_server_times_out_in_each_stage() {
    let late = |outcome: Result<Controller, Error>| match outcome {
        Err(Error::Ldap(ldap::Error::TimedOut { what, .. })) => what,
        other => panic!("{other:?}"),
    };
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let source = source_at(&silent);
    assert_eq!(late(open(&source, SHORT)), "set up TLS");
    let server = Server::start(Client::wait_for_the_end);
    assert_eq!(late(open(&server.source(), SHORT)), "answer the bind");
    let (outcome, _) = against(SHORT, Client::wait_for_the_end);
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::TimedOut { what: "answer a search", .. }))), "{outcome:?}");
}

#[test]
fn endless_answer_times_out() {
    let (outcome, _) = against(SHORT, |client| {
        client.request();
        client.send(&[0x30, 0x84, 0x00, 0x0f, 0xff, 0xff]);
        while client.try_send(&[0x04]) {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::TimedOut { .. }))), "{outcome:?}");
}

#[test]
fn a_canceled_job_does_not_wait_for_the_server() {
    let job = Job::unwatched();
    let cancel = job.clone();
    let server = Server::start(move |client| {
        client.accept_bind();
        client.request();
        cancel.cancel();
        client.wait_for_the_end();
    });
    // Were the cancellation not seen, this would wait for an hour.
    let mut controller = open(&server.source(), Duration::from_hours(1)).expect("it binds");
    let (outcome, _) = read(&mut controller, &job);
    assert!(matches!(outcome, Err(Error::Canceled)), "{outcome:?}");
}

#[test]
fn failing_receiver_does_not_wait_for_the_server() {
    let server = Server::start(|client| {
        client.accept_bind();
        let request = client.request();
        client.send(&[user(request.id, 0), page_end(request.id, 0, "more")].concat());
        client.wait_for_the_end();
    });
    // Without the signal to the reader this would wait for an hour.
    let mut controller = open(&server.source(), Duration::from_hours(1)).expect("it binds");
    let outcome = controller.users(&people(), &Job::unwatched(), &mut |_| Err(TakerFailed));
    assert!(matches!(outcome, Err(Error::Taker(_))), "{outcome:?}");
}

#[test]
fn a_failed_session_is_not_used_again() {
    let server = Server::start_with(&Certificate::default(), 3, |client, before| {
        client.accept_bind();
        let request = client.request();
        if before < 2 {
            client.send(&[0x30, 0x00]);
        } else {
            client.send(&[user(request.id, 0), page_end(request.id, 0, "")].concat());
        }
        client.wait_for_the_end();
    });
    let mut controller = open(&server.source(), AMPLE).expect("it binds");
    assert!(read(&mut controller, &Job::unwatched()).0.is_err());
    assert!(controller.root(&Job::unwatched()).is_err());
    assert_eq!(read(&mut controller, &Job::unwatched()).0.expect("a new session"), 1);
}

#[test]
fn unusable_password_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let source = source_at(&listener);
    let long = "p".repeat(1025);
    for password in [None, Some(""), Some("a\0b"), Some(long.as_str())] {
        let password = password.map(Secret::new);
        let outcome = Controller::open(&source, password.as_ref(), deadlines(AMPLE), &Job::unwatched());
        let Err(Error::Ldap(error)) = outcome else { panic!("{outcome:?}") };
        assert!(matches!(error, ldap::Error::NoPassword { .. } | ldap::Error::UnusablePassword { .. }), "{error:?}");
        assert!(!error.to_string().contains(&long), "an error never shows a password");
    }
    let connection = listener.accept().expect_err("no connection");
    assert_eq!(connection.kind(), std::io::ErrorKind::WouldBlock);
}

/// What becomes of a right password for user 7 when the bound session says it is `bound`, and the entry that is asked
/// for by GUID is user `number` with the SID `own`.
fn outcome(bound: Option<&'static str>, number: u32, own: Option<&'static str>) -> PasswordOutcome {
    let server = Server::start(move |client| {
        client.accept_bind();
        let whoami = client.request();
        let groups: Vec<_> = bound.iter().map(|sid| ("tokenGroups", vec![*sid])).collect();
        client.send(&entry_without_guid(whoami.id, 0, &groups));
        client.send(&result(whoami.id, 0x65, 0, ""));
        let by_guid = client.request();
        let sid: Vec<_> = own.iter().map(|sid| ("objectSid", vec![*sid])).collect();
        client.send(&entry(by_guid.id, number, &sid));
        client.send(&result(by_guid.id, 0x65, 0, ""));
        client.wait_for_the_end();
    });
    let mut guid = [0; 16];
    guid[..4].copy_from_slice(&7_u32.to_be_bytes());
    let source = Source::Ldap(server.source());
    let auth = verify_password(&source, "u7@x.test", &Secret::new("secret"), Guid(guid), &Job::unwatched());
    server.finish();
    auth.expect("the server answers")
}

#[test]
fn password_is_verified_by_the_sid_of_the_session() {
    // S-1-5-21-1-2-3-77 and S-1-5-21-1-2-3-78 ([MS-DTYP] 2.4.2.2): their bytes happen to be ASCII.
    let own = "\x01\x05\0\0\0\0\0\x05\x15\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x4d\0\0\0";
    let anothers = "\x01\x05\0\0\0\0\0\x05\x15\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x4e\0\0\0";
    for bound in [own, "S-1-5-21-1-2-3-77"] {
        assert!(matches!(outcome(Some(bound), 7, Some(own)), PasswordOutcome::Verified(_)), "{bound:?}");
    }
    for (what, bound, number, sid) in [
        ("another account was bound", Some(anothers), 7, Some(own)),
        ("another account was bound, said as text", Some("S-1-5-21-1-2-3-78"), 7, Some(own)),
        ("the session has no SID", None, 7, Some(own)),
        ("the SID is invalid", Some("somebody"), 7, Some(own)),
        ("the entry has no SID", Some(own), 7, None),
        ("neither is known", None, 7, None),
        ("another entry was given", Some(own), 8, Some(own)),
    ] {
        assert_eq!(outcome(bound, number, sid), PasswordOutcome::OtherAccount, "{what}");
    }
}

#[test]
fn bare_account_name_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let source = Ldap { bind: "svc".to_owned(), ..source_at(&listener) };
    let outcome = open(&source, AMPLE);
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::BindName { .. }))), "{outcome:?}");
    assert!(listener.accept().is_err());
}

#[test]
fn required_signing_is_explained() {
    let server = Server::start(|client| {
        let request = client.request();
        client.send(&result(request.id, 0x61, 8, "00002028: LdapErr: DSID-0C090259"));
        client.wait_for_the_end();
    });
    let outcome = open(&server.source(), AMPLE);
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::StrongerAuth))), "{outcome:?}");
}

#[test]
fn expired_or_future_certificate_is_rejected_with_date() {
    for (certificate, expected) in [
        (Certificate { ends: 2020, ..Certificate::default() }, "expired on 2020-01-01"),
        (Certificate { begins: 2090, ends: 2091, ..Certificate::default() }, "is not valid before 2090-01-01"),
        (Certificate { name: "other.example", ..Certificate::default() }, "for another name: other.example"),
        (Certificate { unknown_ca: true, ..Certificate::default() }, "issued by \"Unknown CA\""),
    ] {
        let server = Server::start_with(&certificate, 1, |client, _| client.wait_for_the_end());
        let outcome = open(&server.source(), AMPLE);
        let Err(Error::Ldap(error)) = outcome else { panic!("{outcome:?}") };
        assert!(error.to_string().contains(expected), "{error}");
        assert!(server.finish().is_empty(), "no credentials went to a server that was not believed");
    }
}

#[test]
fn servers_without_tls_are_reported() {
    let plain = |answer: &'static [u8]| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let source = source_at(&listener);
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _ = std::io::Write::write_all(&mut stream, answer);
            // Reading to the end keeps the close from becoming a reset that overtakes the answer.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        open(&source, AMPLE)
    };
    let outcome = plain(b"220 mail.example ESMTP\r\n");
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::NotTls { .. }))), "{outcome:?}");
    let outcome = plain(b"");
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::ClosedInHandshake { .. }))), "{outcome:?}");
}

#[test]
fn unresolved_name_is_reported() {
    let source = Ldap { urls: vec!["ldaps://dc1.invalid".parse().expect("an address")], ..fixed_source() };
    let outcome = open(&source, AMPLE);
    assert!(matches!(outcome, Err(Error::Ldap(ldap::Error::Resolve { .. }))), "{outcome:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_bytes_of_a_server_make_it_panic(answer in prop::collection::vec(any::<u8>(), 0..400), framed in any::<bool>()) {
        let (outcome, users) = against(AMPLE, move |client| {
            let request = client.request();
            client.send(&if framed { message(request.id, &answer) } else { answer });
        });
        prop_assert!(matches!(outcome, Err(Error::Ldap(_) | Error::Undecodable(_))), "{:?}", outcome);
        prop_assert!(users.is_empty());
    }
}
