//! A canary search after a whole run: the directory's password and the token are nowhere but where they belong.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::rollout::Rollout;
use crate::support::controller::Controller;
use crate::support::installation::Installation;

/// The forms in which a secret might lie around: plain, UTF-16, hexadecimal, base64 at each of its three offsets.
fn forms(secret: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").unwrap();
    }
    let mut forms = vec![
        ("plain".to_owned(), bytes.to_vec()),
        ("UTF-16".to_owned(), utf16),
        ("hexadecimal".to_owned(), hex.clone().into_bytes()),
        ("hexadecimal, upper".to_owned(), hex.to_uppercase().into_bytes()),
    ];
    for offset in 0..3 {
        // The bytes before and after it in the encoded text are unknown, so only its complete groups are searched.
        let inner = &bytes[(3 - offset) % 3..];
        let inner = &inner[..inner.len() - inner.len() % 3];
        for (name, engine) in [("base64", &STANDARD), ("base64, URL", &URL_SAFE_NO_PAD)] {
            forms.push((format!("{name} at {offset}"), engine.encode(inner).into_bytes()));
        }
    }
    forms
}

/// In which form the secret lies in these bytes.
fn found(secret: &str, haystack: &[u8]) -> Option<String> {
    let holds = |needle: &[u8]| haystack.windows(needle.len()).any(|window| window == needle);
    forms(secret).into_iter().find(|(_, needle)| holds(needle)).map(|(form, _)| form)
}

#[test]
fn secret_search_finds_each_encoding() {
    let secret = "Svc-imd!Lab-0nly";
    let hidden = |text: String| format!("{{\"value\":\"{text}\"}}").into_bytes();
    assert!(found(secret, b"nothing here").is_none());
    for prefix in ["", "a", "ab"] {
        let haystack = hidden(STANDARD.encode(format!("{prefix}{secret}\n")));
        assert!(found(secret, &haystack).is_some(), "{prefix:?}");
    }
    assert!(found(secret, &hidden(secret.to_owned())).is_some());
}

#[test]
fn no_secret_leaks_in_a_complete_run() {
    let controller = Controller::of_the_lab();
    let imd = Installation::new();
    Rollout::on(&controller).write(&imd);
    let password = controller.password.as_str();

    let mut seen = Vec::new();
    for verb in [&["setup", "--answers", "rollout.toml"][..], &["sync"], &["status", "--json"], &["audit"]] {
        seen.push(watched(&imd, verb));
    }
    // A failing run says much, so it is searched as well.
    imd.write_secret("bind.pw", "another-Canary-9472");
    seen.push(watched(&imd, &["setup", "--answers", "rollout.toml", "--yes"]));
    imd.write_secret("bind.pw", password);

    let token = imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.trim().to_owned();
    // The secret part of the token, after the prefix. Long pieces of it are searched as well as the whole.
    let piece = &token[token.len() - 60..];
    let secrets = [("the password", password), ("the refused password", "another-Canary-9472"), ("the token", piece)];

    for (verb, output, process) in &seen {
        // A short verb may have ended before the first look; setting up takes a while.
        assert!(verb[0] != "setup" || !process.is_empty(), "{verb:?} was not seen in /proc");
        for (what, secret) in secrets {
            assert_eq!(found(secret, output), None, "{what} was printed by {verb:?}");
            assert_eq!(found(secret, process), None, "{what} was in argv or environment of {verb:?}");
        }
    }
    let files = imd.files();
    assert!(files.iter().any(|(path, _)| path.ends_with("state/imd.db")), "the state was not searched");
    let mut holders = BTreeSet::new();
    for (path, bytes) in &files {
        let below = path.strip_prefix(imd.folder()).unwrap();
        for (what, secret) in secrets {
            if let Some(form) = found(secret, bytes) {
                assert!(may_hold(what, below), "{} holds {what} ({form})", below.display());
                holders.insert(what);
            }
        }
    }
    assert_eq!(holders, BTreeSet::from(["the password", "the token"]), "the search found them where they belong");
}

/// The password lies in the file that the administrator wrote; the token in the folders written for the tools.
fn may_hold(what: &str, below: &Path) -> bool {
    match what {
        "the password" => below == Path::new("bind.pw"),
        "the token" => below.starts_with("rollout"),
        _ => false,
    }
}

#[test]
fn secret_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let controller = Controller::of_the_lab();
    let imd = super::rollout::set_up(&controller);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&imd.state()), 0o700);
    let mut count = 0;
    for (path, _) in imd.files().iter().filter(|(path, _)| path.starts_with(imd.state())) {
        assert_eq!(mode(path) & 0o077, 0, "{}", path.display());
        count += 1;
    }
    assert!(count >= 2, "the state holds a database and an identity");
    let token = imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.trim().to_owned();
    for (path, bytes) in imd.files() {
        if path.starts_with(imd.path("rollout")) && found(&token, &bytes).is_some() {
            assert_eq!(mode(&path) & 0o077, 0, "{} holds the token", path.display());
        }
    }
}

/// Runs a verb to its end; what it printed, and all that /proc showed of it meanwhile.
fn watched(imd: &Installation, verb: &[&str]) -> (Vec<String>, Vec<u8>, Vec<u8>) {
    let mut command = imd.command();
    let child = command.args(verb).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let watch = thread::spawn(move || {
        let mut seen = Vec::new();
        // Both files are gone with the process. Until then they may be empty: while the program is being started, and
        // after it has ended and before its exit code is read.
        while let (Ok(arguments), Ok(environment)) =
            (fs::read(process.join("cmdline")), fs::read(process.join("environ")))
        {
            let now = [arguments, environment].concat();
            if !seen.ends_with(&now) {
                seen.extend(now);
            }
            thread::yield_now();
        }
        seen
    });
    let output = child.wait_with_output().unwrap();
    let shown = [output.stdout, output.stderr].concat();
    (verb.iter().map(|word| (*word).to_owned()).collect(), shown, watch.join().unwrap())
}
