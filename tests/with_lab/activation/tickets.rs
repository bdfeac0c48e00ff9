//! Authentication with Kerberos tickets of the lab's domain: accepted and refused tickets, and an unreachable controller.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::accounts::Account;
use super::proxy::Proxy;
use super::workflow::set_up_with;
use crate::support::controller::Controller;
use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, token};
use crate::support::machine::Machine;
use crate::support::service::{Service, free_address};

const BOTH: &str = r#"["kerberos", "password"]"#;

/// A user's session on a laptop of the domain: its own tickets, and where the domain's controller is.
struct Session(TempDir);

impl Session {
    fn of(controller: &Controller, user: &str) -> Self {
        let this = Self::without_a_ticket(controller);
        let mut kinit = Command::new("kinit");
        kinit.arg(format!("{user}@ONE.TEST")).envs(this.environment());
        let password = format!("{}\n", controller.user_password);
        assert_cmd::Command::from_std(kinit).write_stdin(password).timeout(MINUTE).assert().success();
        this
    }

    fn without_a_ticket(controller: &Controller) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = format!(
            "[libdefaults]\ndefault_realm = ONE.TEST\ndns_lookup_kdc = false\ndns_lookup_realm = false\n\
             dns_canonicalize_hostname = false\nrdns = false\n\
             [realms]\nONE.TEST = {{\nkdc = {}\n}}\n[domain_realm]\nlocalhost = ONE.TEST\n.one.test = ONE.TEST\n",
            controller.address
        );
        std::fs::write(folder.path().join("krb5.conf"), configuration).unwrap();
        Self(folder)
    }

    fn environment(&self) -> [(&'static str, String); 2] {
        let path = |name: &str| self.0.path().join(name).display().to_string();
        [("KRB5_CONFIG", path("krb5.conf")), ("KRB5CCNAME", format!("FILE:{}", path("tickets")))]
    }

    /// A ticket for the web service of that name, made by another program for that connection.
    fn ticket(&self, host: &str, certificate: Option<&str>) -> String {
        self.made(&[Some(host), certificate].map(Option::unwrap_or_default))
    }

    fn made(&self, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/with_lab/activation/ticket.py");
        // Debian's own, which has Debian's modules.
        let mut python = Command::new("/usr/bin/python3");
        python.arg(script).args(arguments.iter().filter(|argument| !argument.is_empty())).envs(self.environment());
        let output = assert_cmd::Command::from_std(python).timeout(MINUTE).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);

/// The account of a web service, and its keys.
struct WebService {
    host: String,
    _account: Account,
    folder: TempDir,
}

impl WebService {
    /// `kinds` is a sum of bits: 4 for RC4, 8 and 16 for AES ([MS-KILE] 2.2.7).
    fn new(controller: &Controller, name: &str, host: &str, kinds: u32) -> Self {
        let more = format!("servicePrincipalName: HTTP/{host}\nmsDS-SupportedEncryptionTypes: {kinds}\n");
        let account = Account::with(controller, name, &more);
        let folder = tempfile::tempdir().unwrap();
        let this = Self { host: host.to_owned(), _account: account, folder };
        let done = Command::new("samba-tool")
            .args(["domain", "exportkeytab"])
            .arg(this.keytab())
            .arg(format!("--principal=HTTP/{host}"))
            .arg("-s")
            .arg(controller.folder().join("etc/smb.conf"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        this
    }

    fn keytab(&self) -> PathBuf {
        self.folder.path().join("http.keytab")
    }

    /// `imd serve` with its keytab.
    fn serve(&self, imd: &Installation, address: std::net::SocketAddr, more: &[&str]) -> Service {
        let keytab = self.keytab();
        Service::start_with(imd, address, &[&["--keytab", keytab.to_str().unwrap()], more].concat())
    }
}

fn certificate(service: &Service) -> String {
    service.get("/v1/health").granted();
    let connection = service.connect();
    let certificate = &connection.conn.peer_certificates().unwrap()[0];
    certificate.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn claim(laptop: &Laptop, ticket: &str) -> Value {
    json!({
        "claim_code": laptop.key(2), "credential": laptop.key(3), "auth": { "method": "kerberos", "ticket": ticket },
    })
}

fn refusals(imd: &Installation) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = imd.rows("SELECT reason, detail FROM refusal ORDER BY number");
    rows.iter().map(|row| (text(&row["reason"]), text(&row["detail"]))).collect()
}

#[test]
fn session_ticket_activates_without_a_password() {
    let controller = Controller::of_the_lab();
    let web = WebService::new(&controller, "web-workflow", "localhost", 24);
    let address = free_address();
    let imd = set_up_with(&controller, &controller.url, &format!("localhost:{}", address.port()), BOTH);
    let _service = web.serve(&imd, address, &[]);
    let laptop = Machine::new();
    let file = laptop.token_file(imd.read("rollout/msiexec/token.txt").trim());
    laptop.says(&["enroll", "--token-file", &file], "");
    let session = Session::of(&controller, "lab-user");
    let claimed = laptop.run_in(&session.environment(), &["claim"], "");
    assert!(claimed.status.success(), "{claimed:?}");
    let reported = String::from_utf8(claimed.stdout).unwrap();
    assert!(reported.contains("lab-user") && reported.contains("profile Laptops"), "{reported}");
    let row = imd.row("SELECT d.state, d.auth, a.name FROM device d JOIN account a ON a.id = d.account_id");
    assert_eq!((&row["state"], &row["auth"]), (&"activated".into(), &"kerberos".into()));
    assert_eq!(row["name"], "lab-user@one.test");
    let before = imd.dump();
    assert!(laptop.run_in(&session.environment(), &["claim"], "").status.success());
    assert_eq!(imd.dump(), before, "again, and nothing changes");

    // Without a ticket the next method is tried.
    let laptop = Machine::new();
    let file = laptop.token_file(&token(&imd));
    laptop.says(&["enroll", "--token-file", &file], "");
    let session = Session::without_a_ticket(&controller);
    let output = laptop.run_in(&session.environment(), &["claim"], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no password was entered"), "{output:?}");
}

#[test]
fn disabled_user_is_refused_with_a_valid_ticket() {
    let controller = Controller::of_the_lab();
    let web = WebService::new(&controller, "web-disabled", "disabled.one.test", 24);
    let account = Account::new(&controller, "ticket-disabled");
    let address = free_address();
    let imd = set_up_with(&controller, &controller.url, &address.to_string(), BOTH);
    let service = web.serve(&imd, address, &[]);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token(&imd)).granted();
    let session = Session::of(&controller, &account.name);
    let ticket = session.ticket(&web.host, Some(&certificate(&service)));
    account.disable();
    assert_eq!(service.post("/v1/claim", &claim(&laptop, &ticket)).error(), "refused");
    assert_eq!(refusals(&imd)[0].0, "user-disabled");
    // It was not the ticket: the cache still has the user enabled, and the next is taken once they are again.
    account.replace("userAccountControl", "512");
    let ticket = session.ticket(&web.host, Some(&certificate(&service)));
    service.post("/v1/claim", &claim(&laptop, &ticket)).granted();
}

#[test]
fn replayed_unbound_and_ntlm_tickets_are_refused() {
    let controller = Controller::of_the_lab();
    let web = WebService::new(&controller, "web-replay", "replay.one.test", 24);
    let other = WebService::new(&controller, "web-other", "other.one.test", 24);
    let account = Account::new(&controller, "ticket-replay");
    let address = free_address();
    let imd = set_up_with(&controller, &controller.url, &address.to_string(), BOTH);
    let service = web.serve(&imd, address, &[]);
    let token = token(&imd);
    let laptops: Vec<Laptop> = (1..=2).map(Laptop::new).collect();
    for laptop in &laptops {
        laptop.enroll(&service, &token).granted();
    }
    let session = Session::of(&controller, &account.name);
    let shown = certificate(&service);
    let ticket = session.ticket(&web.host, Some(&shown));
    service.post("/v1/claim", &claim(&laptops[0], &ticket)).granted();
    let refused = |service: &Service, ticket: &str| {
        assert_eq!(service.post("/v1/claim", &claim(&laptops[1], ticket)).error(), "refused");
        let (reason, detail) = refusals(&imd).pop().unwrap();
        assert_eq!(reason, "ticket", "{detail}");
        detail
    };
    assert!(refused(&service, &ticket).contains("replay"), "another laptop, the same ticket");
    for how in ["raw", "negotiate"] {
        let detail = refused(&service, &session.made(&["--ntlm", how]));
        assert!(detail.contains("NTLM") || detail.contains("mechanism") || detail.contains("message"), "{detail}");
    }
    assert!(refused(&service, &session.ticket(&web.host, None)).contains("channel binding"));
    let elsewhere = session.ticket(&web.host, Some("00"));
    assert!(refused(&service, &elsewhere).to_lowercase().contains("channel bindings"));
    refused(&service, &session.ticket(&other.host, Some(&shown)));
    for garbage in ["", "AAAA", "YIIB", "not base64"] {
        refused(&service, garbage);
    }
    // Nor does a restart forget which tickets were seen. What it shows now is another certificate, so the binding
    // would be enough: the library looks for a replay first.
    let fresh = session.ticket(&web.host, Some(&shown));
    service.kill();
    let service = web.serve(&imd, address, &["--proxy", "127.0.0.1"]);
    assert!(refused(&service, &ticket).contains("replay"));
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 1);
    // Behind a proxy of ours there is no connection to be bound to.
    service.post("/v1/claim", &claim(&laptops[1], &fresh)).granted();
}

#[test]
fn ticket_of_another_account_with_the_name_is_refused() {
    let controller = Controller::of_the_lab();
    let web = WebService::new(&controller, "web-name", "name.one.test", 24);
    let first = Account::new(&controller, "ticket-name");
    let address = free_address();
    let imd = set_up_with(&controller, &controller.url, &address.to_string(), BOTH);
    let service = web.serve(&imd, address, &[]);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token(&imd)).granted();
    // They are renamed, and another person gets the name before the next sync.
    first.replace("userPrincipalName", "ticket-was@one.test");
    first.replace("sAMAccountName", "ticket-was");
    let second = Account::of_another_dn(&controller, "ticket-name", "ticket-name-second");
    let session = Session::of(&controller, &second.name);
    let ticket = session.ticket(&web.host, Some(&certificate(&service)));
    assert_eq!(service.post("/v1/claim", &claim(&laptop, &ticket)).error(), "refused");
    first.gone();
    let ticket = session.ticket(&web.host, Some(&certificate(&service)));
    assert_eq!(service.post("/v1/claim", &claim(&laptop, &ticket)).error(), "refused");
    let reasons: Vec<_> = refusals(&imd).into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(reasons, ["name-reassigned", "user-left"]);
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
}

#[test]
fn ticket_is_accepted_offline_with_a_fresh_cache() {
    let controller = Controller::of_the_lab();
    let web = WebService::new(&controller, "web-cut-off", "cut-off.one.test", 24);
    let account = Account::new(&controller, "ticket-cut-off");
    let proxy = Proxy::before(&controller.address);
    let address = free_address();
    let imd = set_up_with(&controller, &format!("ldaps://{}", proxy.address), &address.to_string(), BOTH);
    let service = web.serve(&imd, address, &[]);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token(&imd)).granted();
    let session = Session::of(&controller, &account.name);
    let shown = certificate(&service);
    let ask = || service.post("/v1/claim", &claim(&laptop, &session.ticket(&web.host, Some(&shown))));
    let synced = |hours: i64| {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        imd.sqlite(&[], &format!("UPDATE plan SET made_at = '{at}'"));
    };
    proxy.cut();
    synced(25);
    let answer = ask();
    assert_eq!((answer.status, answer.error().as_str()), (503, "directory-unavailable"));
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
    synced(23);
    ask().granted();
    // Once it can be asked again, it is, however young the cache is.
    proxy.restore();
    account.disable();
    assert_eq!(ask().error(), "refused");
    assert_eq!(refusals(&imd).pop().unwrap().0, "user-disabled");
}

#[test]
fn weak_or_readable_keytab_is_refused_at_start() {
    use std::os::unix::fs::PermissionsExt as _;
    let controller = Controller::of_the_lab();
    let web = WebService::new(&controller, "web-rc4", "rc4.one.test", 4);
    let imd = set_up_with(&controller, &controller.url, "127.0.0.1:7443", BOTH);
    let keytab = web.keytab();
    let serve = || imd.imd(["serve", "--listen", "127.0.0.1:0", "--keytab", keytab.to_str().unwrap()]);
    serve().failed_with(1, ["HTTP/rc4.one.test@ONE.TEST", "RC4", "AES256-SHA1"]);
    std::fs::set_permissions(&keytab, std::fs::Permissions::from_mode(0o644)).unwrap();
    serve().failed_with(1, ["mode 644", "chmod 600"]);
    std::fs::write(&keytab, "no keytab").unwrap();
    std::fs::set_permissions(&keytab, std::fs::Permissions::from_mode(0o600)).unwrap();
    serve().failed_with(1, ["is not a keytab"]);
}
