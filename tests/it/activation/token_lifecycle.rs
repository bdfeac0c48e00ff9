//! A token from its making to its end: what it is good for, who used it, what takes its place.

use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, company, served, token};
use crate::support::service::{Service, free_address};

/// Makes a token for the running service, with these limits as well, and gives it.
fn create<const N: usize>(imd: &Installation, service: &Service, name: &str, limits: [&str; N]) -> String {
    let server = format!("https://{}", service.address);
    let mut command = imd.command();
    command.args(["token", "create", name, "--server", &server]).args(limits);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn state(imd: &Installation, id_or_name: &str) -> String {
    imd.json(["token", "list", id_or_name])["state"].as_str().unwrap().to_owned()
}

#[test]
fn token_scope_limits_platforms_and_networks() {
    let (imd, service, _) = served(3, |answers| answers);
    let windows = create(&imd, &service, "windows", ["--platform", "windows", "--platform", "mac"]);
    assert_eq!(Laptop::new(1).enroll(&service, &windows).error(), "token-refused");
    let office = create(&imd, &service, "office", ["--network", "10.20.0.0/16"]);
    assert_eq!(Laptop::new(2).enroll(&service, &office).error(), "token-refused");
    let both = create(&imd, &service, "here", ["--network", "127.0.0.0/8", "--platform", "linux"]);
    Laptop::new(3).enroll(&service, &both).granted();
    let reasons: Vec<_> = imd.rows("SELECT reason FROM refusal ORDER BY number");
    assert_eq!(
        reasons,
        [serde_json::json!({"reason": "token-platform"}), serde_json::json!({"reason": "token-network"})]
    );
    assert_eq!(imd.row("SELECT count(*) AS n FROM device")["n"], 1);
}

#[test]
fn token_networks_apply_behind_a_proxy() {
    let (imd, service, _) = served(1, |answers| answers);
    let office = create(&imd, &service, "office", ["--network", "127.0.0.0/8", "--network", "10.20.0.0/16"]);
    // Like the proxy that asks here, the office's own is in a network that the token names.
    let service = Service::start_with(&imd, free_address(), &["--proxy", "127.0.0.1"]);
    let enroll = |number: u32, lines: &[&[u8]]| {
        let body = Laptop::new(number).enroll_request(&office).to_string();
        let mut head = b"POST /v1/enroll HTTP/1.1\r\nHost: imd\r\n".to_vec();
        for line in lines {
            head.extend([b"X-Forwarded-For: ", *line, b"\r\n"].concat());
        }
        head.extend(format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).bytes());
        service.ask(head, body.as_bytes()).unwrap()
    };
    // What the laptop sends, and what the proxy makes of it.
    let refused: [&[&[u8]]; 6] = [
        &[b"198.51.100.7"],
        &[b"x, 198.51.100.7"],
        &[b"\xff, 198.51.100.7"],
        &[b"10.20.0.5, 198.51.100.7"],
        &[b"10.20.0.5", b"198.51.100.7"],
        &[],
    ];
    for (number, lines) in (1..).zip(refused) {
        assert_eq!(enroll(number, lines).error(), "token-refused", "{lines:?}");
    }
    let why = imd.rows("SELECT reason, peer FROM refusal ORDER BY number");
    let from = |peer: &str| serde_json::json!({ "reason": "token-network", "peer": peer });
    assert_eq!(why[..5], vec![from("198.51.100.7"); 5]);
    assert_eq!(why[5], from("an address that the proxy did not report"));
    enroll(7, &[b"198.51.100.7, 10.20.0.5"]).granted();
    enroll(8, &[b"x, ::ffff:10.20.0.5"]).granted();
}

#[test]
fn token_mappings_limit_who_can_activate() {
    let (imd, service, _) = served(3, |answers| answers);
    let guests = create(&imd, &service, "guests", ["--mapping", "Guests"]);
    let (guest, unknown) = (Laptop::new(1), Laptop::new(2));
    guest.enroll(&service, &guests).granted();
    unknown.enroll(&service, &guests).granted();
    let refused = guest.claim(&service, "user1");
    // A user who may not activate and an unknown user get the same answer.
    assert_eq!((refused.status, refused.error()), (403, unknown.claim(&service, "nobody").error()));
    assert_eq!(imd.row("SELECT reason FROM refusal ORDER BY number LIMIT 1")["reason"], "token-mapping");
    let mapping = imd.row("SELECT name FROM mapping")["name"].as_str().unwrap().to_uppercase();
    let staff = create(&imd, &service, "staff", ["--mapping", &mapping]);
    Laptop::new(3).enroll(&service, &staff).granted();
    Laptop::new(3).claim(&service, "user1").granted();
}

#[test]
fn token_is_refused_before_its_start() {
    let (imd, service, _) = served(1, |answers| answers);
    let later = create(&imd, &service, "later", ["--not-before", "2999-01-01T00:00:00Z"]);
    assert_eq!(Laptop::new(1).enroll(&service, &later).error(), "token-refused");
    assert_eq!(imd.row("SELECT reason FROM refusal")["reason"], "token-not-yet-valid");
}

#[test]
fn token_without_expiry_needs_confirmation() {
    let imd = Installation::new();
    let server = "https://imd.corp.example.com:7443";
    let once = imd.imd(["token", "create", "t", "--server", server, "--expires", "never"]);
    once.failed_with(2, ["both", "--never-expires"]);
    imd.imd(["token", "create", "t", "--server", server, "--never-expires"]).failed_with(2, ["both"]);
    imd.imd(["token", "create", "t", "--server", server, "--expires", "never", "--never-expires"]).succeeded();
    assert_eq!(imd.json(["token", "list", "t"])["record"]["expires_at"], serde_json::Value::Null);
    // The same in the answers file.
    let imd = company(1, |answers| answers);
    let answers = imd.read("answers.toml").replace("\"90d\"", "\"never\"").replace("rollout-2026", "endless");
    imd.write("once.toml", &answers);
    imd.imd(["setup", "--answers", "once.toml", "--yes"]).failed_with(1, ["never_expires"]);
    imd.write("twice.toml", answers.replace("\"never\"", "\"never\"\nnever_expires = \"yes\""));
    imd.imd(["setup", "--answers", "twice.toml", "--yes"]).succeeded();
    assert_eq!(imd.json(["token", "list", "endless"])["record"]["expires_at"], serde_json::Value::Null);
}

#[test]
fn token_shows_its_uses() {
    let (imd, service, _) = served(3, |answers| answers);
    let two = create(&imd, &service, "two", ["--max-activations", "2", "--note", "for the branch in Bergen"]);
    let facts = imd.json(["token", "list", "two"]);
    assert_eq!((&facts["state"], &facts["record"]["uses"]), (&"valid".into(), &0.into()), "{facts}");
    assert_eq!(
        (&facts["record"]["last_use"], &facts["record"]["note"]),
        (&serde_json::Value::Null, &"for the branch in Bergen".into())
    );
    Laptop::new(1).enroll(&service, &two).granted();
    let device = Laptop::new(2).enroll(&service, &two).granted()["device"].clone();
    let facts = imd.json(["token", "list", "two"]);
    assert_eq!((&facts["state"], &facts["record"]["uses"]), (&"overused".into(), &2.into()), "{facts}");
    let used = &facts["record"]["last_use"];
    assert_eq!((&used["device"], &used["host_name"]), (&device, &"PC-2".into()), "{facts}");
    assert_eq!(Laptop::new(3).enroll(&service, &two).error(), "token-refused");
    imd.imd(["token", "revoke", "two"]).succeeded();
    assert_eq!(state(&imd, "two"), "revoked");
}

#[test]
fn exports_carry_the_replacement_during_overlap() {
    let (imd, service, old) = served(3, |answers| answers);
    let out = imd.path("files");
    let out = out.to_str().unwrap();
    imd.imd(["export", "msiexec", "shell", "--token", "rollout-2026", "--out", out]).succeeded();
    let gone = imd.path("gone");
    imd.imd(["export", "env", "--token", "rollout-2026", "--out", gone.to_str().unwrap()]).succeeded();
    Laptop::new(1).enroll(&service, &old).granted();
    let before = imd.json(["token", "list", "rollout-2026"]);
    // Three were written by the answers file.
    assert_eq!(before["exports"].as_array().unwrap().len(), 6, "{before}");

    // A folder that cannot be written keeps no other from being so, and is said.
    std::fs::remove_dir_all(&gone).unwrap();
    std::fs::write(&gone, "a file where a folder was").unwrap();
    let run = imd.imd(["token", "rotate", "rollout-2026", "--overlap", "30d"]);
    run.failed_with(3, ["1 of 6 exports", "gone"]);
    let new = token(&imd);
    assert_ne!(new, old);
    // The folders hold the new token, and check out; the one that could not be written is found by its token.
    imd.imd(["export", "check", out]).succeeded();
    let files: Vec<_> = imd.files().into_iter().filter(|(path, _)| path.starts_with(imd.path("files"))).collect();
    let holds = |token: &str| files.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(token));
    assert!(holds(&new) && !holds(&old));
    // Both let laptops in.
    Laptop::new(2).enroll(&service, &old).granted();
    Laptop::new(3).enroll(&service, &new).granted();
    let states = imd.rows("SELECT name, replaced_by IS NOT NULL AS old FROM token ORDER BY old");
    assert_eq!(states.len(), 2, "{states:?}");
    let listed = imd.json(["token", "list"]);
    let (first, second) = (&listed["items"][0], &listed["items"][1]);
    assert_eq!(first["replaced"]["by"], second["id"], "{listed}");
    assert_eq!(second["servers"], first["servers"]);
    // The token was replaced already, so its name means the replacement.
    let again = imd.json(["token", "rotate", "rollout-2026", "--keep-exports"]);
    assert_eq!(again["old"]["id"], second["id"], "the name means the newest: {again}");
    assert_eq!(again["not_written"].as_array().unwrap().len(), 5, "{again}");
}

#[test]
fn replaced_token_is_revoked_by_id() {
    let (imd, service, old) = served(3, |answers| answers);
    let rotated = imd.json(["token", "rotate", "rollout-2026"]);
    let id = |which: &str| rotated[which]["id"].as_str().unwrap().to_owned();
    let new = token(&imd);
    // The name alone lists both and changes nothing.
    let run = imd.imd(["token", "revoke", "ROLLOUT-2026"]);
    run.failed_with(3, [&id("old"), &id("new"), "replaced", "valid", "none was revoked", "--yes"]);
    assert_eq!(imd.row("SELECT count(*) AS n FROM token WHERE revoked_at IS NOT NULL")["n"], 0);
    imd.imd(["token", "revoke", &id("old")]).succeeded();
    assert_eq!(Laptop::new(1).enroll(&service, &old).error(), "token-refused");
    Laptop::new(2).enroll(&service, &new).granted();
    // One by its id, whatever else has its name; the name means the one that is good.
    assert_eq!((state(&imd, &id("old")), state(&imd, "rollout-2026")), ("revoked".to_owned(), "valid".to_owned()));
    assert_eq!(imd.imd(["token", "show", &id("old")]).succeeded().stdout.trim(), old);
    imd.imd(["token", "rotate", &id("old")]).failed_with(1, ["revocation"]);
    // Of one that lives the name is enough; all of several are meant only by who says so.
    let again = imd.json(["token", "rotate", "rollout-2026"]);
    imd.imd(["token", "revoke", "rollout-2026"]).failed_with(3, ["2 valid tokens"]);
    let revoked = imd.json(["token", "revoke", "rollout-2026", "--yes"]);
    assert_eq!(revoked["items"].as_array().unwrap().len(), 2, "{revoked}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM token WHERE revoked_at IS NULL")["n"], 0, "{again}");
    imd.imd(["token", "create", "rollout-2026", "--server", "https://imd.corp.example.com"]).succeeded();
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    imd.imd(["token", "revoke", "0123456789abcdef"]).failed_with(1, ["no token called"]);
}

#[test]
fn earlier_exports_are_written_again_in_step_7() {
    let imd = Installation::new();
    imd.imd(["token", "create", "early", "--server", "https://imd.corp.example.com:7443"]).succeeded();
    let out = imd.path("files");
    imd.imd(["export", "shell", "--token", "early", "--out", out.to_str().unwrap()]).succeeded();
    let rotated = imd.json(["token", "rotate", "early"]);
    assert_eq!(rotated["written"][0]["error"], serde_json::Value::Null, "{rotated}");
    let known = imd.json(["token", "list", "early"]);
    assert_eq!(known["record"]["id"], rotated["new"]["id"], "the name means the newer");
    assert_eq!(known["exports"].as_array().unwrap().len(), 1, "{known}");
    imd.imd(["export", "check", "files", "--offline"]).succeeded();
}

#[test]
fn replaced_token_is_refused_after_overlap() {
    let (imd, service, old) = served(3, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &old).granted();
    imd.imd(["token", "rotate", "rollout-2026", "--overlap", "1s"]).succeeded();
    let next = std::cell::Cell::new(1);
    crate::support::installation::eventually("the overlap is over", || {
        // An enrolled laptop can enroll again.
        next.set(next.get() + 1);
        let answer = Laptop::new(next.get()).enroll(&service, &old);
        answer.status != 200 && answer.error() == "token-refused"
    });
    assert_eq!(imd.row("SELECT reason FROM refusal ORDER BY number DESC LIMIT 1")["reason"], "token-replaced");
    // Laptops that enrolled before can activate, as after expiry.
    laptop.claim(&service, "user1").granted();
}

#[test]
fn replaced_key_stays_valid_until_revoked() {
    let (imd, service, old) = served(3, |answers| answers);
    let first = imd.json(["keys"])["items"][0]["id"].as_str().unwrap().to_owned();
    imd.imd(["keys", "rotate"]).succeeded();
    let new = create(&imd, &service, "second", []);
    let keys = imd.rows("SELECT kid, state FROM signing_key ORDER BY state");
    assert_eq!(keys.len(), 2);
    assert_eq!((&keys[1]["kid"], &keys[1]["state"]), (&first.as_str().into(), &"retired".into()));
    let pending = Laptop::new(1);
    pending.enroll(&service, &old).granted();
    Laptop::new(2).enroll(&service, &new).granted();

    imd.imd(["keys", "revoke", &first]).failed_with(3, ["1 tokens", "--yes"]);
    Laptop::new(1).check_in(&service).granted();
    imd.imd(["keys", "revoke", &first, "--yes"]).succeeded();
    assert_eq!(Laptop::new(3).enroll(&service, &old).error(), "token-refused");
    assert_eq!(imd.row("SELECT reason FROM refusal ORDER BY number DESC LIMIT 1")["reason"], "token-key-revoked");
    // As with a revoked token, laptops that enrolled with it cannot activate.
    assert_eq!(pending.claim(&service, "user1").error(), "token-refused");
    assert_eq!(state(&imd, "rollout-2026"), "revoked");
    Laptop::new(2).claim(&service, "user2").granted();
    imd.imd(["keys", "revoke", "k4.pid.nobody"]).failed_with(1, ["no key"]);
}

#[test]
fn restart_keeps_uses_and_revocations() {
    let (imd, service, token) = served(2, |answers| answers);
    Laptop::new(1).enroll(&service, &token).granted();
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    drop(service);
    let service = Service::start(&imd, free_address());
    assert_eq!(Laptop::new(2).enroll(&service, &token).error(), "token-refused");
    assert_eq!(imd.json(["token", "list", "rollout-2026"])["record"]["uses"], 1);
}

#[test]
fn export_with_untrusted_server_is_reported() {
    let (imd, service, _) = served(1, |answers| answers);
    let export = |name: &str, out: &str| {
        imd.imd(["export", "json", "--token", name, "--out", out]).succeeded();
    };
    export("rollout-2026", "good");
    imd.imd(["export", "check", "good"]).succeeded();
    // Another installation answers there now.
    let address = service.address;
    drop(service);
    let (other, _, _) = served(1, |answers| answers);
    let _impostor = Service::start(&other, address);
    let found = imd.imd(["export", "check", "good"]);
    assert_eq!(found.code, 3, "{found:?}");
    assert!(found.stdout.contains("authority that the token pins"), "{found:?}");
    imd.imd(["export", "check", "good", "--offline"]).succeeded();
    // The same for an unknown token: its servers and pin are read from the token.
    imd.sqlite(&[], "DELETE FROM token");
    let found = imd.imd(["export", "check", "good"]);
    assert_eq!(found.code, 3, "{found:?}");
    assert!(found.stdout.contains("authority that the token pins"), "{found:?}");
    // An unreachable server is reported but not an error: laptops may be elsewhere.
    let unreachable = format!("https://{}", free_address());
    imd.imd(["token", "create", "elsewhere", "--server", &unreachable]).succeeded();
    export("elsewhere", "elsewhere");
    let checked = imd.imd(["export", "check", "elsewhere"]);
    assert!(checked.succeeded().stdout.contains("not reached from here"), "{checked:?}");
}
