//! Whether the duration of a refusal reveals its reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::accounts::{Account, admin};
use super::workflow::set_up;
use crate::support::controller::Controller;
use crate::support::laptops::{Laptop, token};
use crate::support::service::Service;
use crate::support::service::free_address;

/// How likely a difference has to be chance before it is believed to be one: each run compares ten pairs.
const ALPHA: f64 = 1e-6;
/// How many ask at a time. The controller of the lab binds one after the other.
const AT_ONCE: usize = 8;

/// The two-sample test of Kolmogorov and Smirnov: the largest distance between the two distributions, and how likely
/// one as large is by chance (the asymptotic bound 2 exp(-2 d² mn/(m+n)), which is never too small).
fn kolmogorov_smirnov(one: &[Duration], other: &[Duration]) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let share = |sample: &[Duration], at: Duration| {
        sample.iter().filter(|took| **took <= at).count() as f64 / sample.len() as f64
    };
    let distance = one.iter().chain(other).map(|at| (share(one, *at) - share(other, *at)).abs()).fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let size = (one.len() * other.len()) as f64 / (one.len() + other.len()) as f64;
    (distance, (2.0 * (-2.0 * distance * distance * size).exp()).min(1.0))
}

#[test]
fn two_sample_test_detects_differences_only() {
    let sample = |from: u64, step: u64| (0..60).map(|n| Duration::from_millis(from + n * step)).collect::<Vec<_>>();
    assert!(kolmogorov_smirnov(&sample(1_000, 2), &sample(1_001, 2)).1 > 0.99);
    assert!(kolmogorov_smirnov(&sample(1_000, 2), &sample(1_100, 2)).1 < ALPHA);
}

/// 60 of each; 500 in the long run.
#[test]
fn refusals_do_not_reveal_their_reason() {
    let each = if std::env::var_os("IMD_LONG").is_some() { 500 } else { 60 };
    let controller = Controller::of_the_lab();
    let [wrong, disabled, expired, away] =
        ["wrong", "disabled", "expired", "away"].map(|name| Account::new(&controller, &format!("timing-{name}")));
    let address = free_address();
    let imd = set_up(&controller, &controller.url, &address.to_string());
    // One leaves the OU before the next sync; the others change after it, so the directory has to say it.
    let base = &controller.base_dn;
    let moved = format!(
        "dn: {}\nchangetype: modrdn\nnewrdn: CN={}\ndeleteoldrdn: 1\nnewsuperior: {base}\n",
        away.dn, away.name
    );
    admin("ldapmodify", &[], &moved);
    let away = Account { dn: format!("CN={},{base}", away.name), name: away.name.clone() };
    imd.imd(["sync"]).succeeded();
    disabled.disable();
    expired.replace("accountExpires", "116444736000000000");
    let service = Arc::new(Service::start(&imd, address));
    let token = token(&imd);
    let right = controller.user_password.as_str();
    let reasons: Vec<(&str, &str)> = vec![
        ("nobody@one.test", right),
        (&disabled.name, right),
        (&wrong.name, "wrong"),
        (&expired.name, right),
        (&away.name, right),
    ];
    // As many laptops as a minute's limit asks for.
    let laptops: Vec<Laptop> = (0..80).map(Laptop::new).collect();
    for laptop in &laptops {
        laptop.enroll(&service, &token).granted();
    }
    let next = AtomicUsize::new(0);
    let asked: Vec<(usize, Duration, u16, String)> = thread::scope(|scope| {
        let ask = || {
            let mut answers = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= each * reasons.len() {
                    return answers;
                }
                // Interleaved, so that what else this machine does meets all alike.
                let (user, password) = reasons[number % reasons.len()];
                // Every bind is to reach the controller: none is counted as one too many.
                imd.sqlite(&["-cmd", ".timeout 20000"], "DELETE FROM password_attempt");
                let request = laptops[number / 3 % laptops.len()].password_request(user, password);
                let answer = service.post("/v1/claim", &request);
                let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
                answers.push((number % reasons.len(), answer.took, answer.status, answer.body.replace(&id, "ID")));
            }
        };
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(asked.iter().all(|(_, _, status, body)| (*status, body) == (403, &asked[0].3)), "they differ");
    let kinds = imd.rows("SELECT DISTINCT reason FROM refusal ORDER BY 1");
    let kinds: Vec<_> = kinds.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"password") && kinds.contains(&"user-unknown") && kinds.contains(&"user-left"),
        "{kinds:?}"
    );
    let of = |kind: usize| asked.iter().filter(|(of, ..)| *of == kind).map(|(_, took, ..)| *took).collect::<Vec<_>>();
    let samples: Vec<Vec<Duration>> = (0..reasons.len()).map(of).collect();
    for (one, first) in samples.iter().enumerate() {
        for (other, second) in samples.iter().enumerate().skip(one + 1) {
            let (distance, chance) = kolmogorov_smirnov(first, second);
            println!("{} and {}: distance {distance:.3}, by chance {chance:.3}", reasons[one].0, reasons[other].0);
            assert!(chance >= ALPHA, "{} and {} can be distinguished", reasons[one].0, reasons[other].0);
        }
    }
    drop(away);
}
