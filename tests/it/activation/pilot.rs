//! A pilot stays as small as it was meant to be: who may be activated, and how many a day.

use std::sync::{Arc, Barrier};
use std::thread;

use imd::engine::{Asker, Denial, Engine, Options};
use imd::protocol::Code;
use jiff::Timestamp;

use crate::support::company;
use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, company, served, token};
use crate::support::service::Answer;

const PILOT: &str = "CN=Pilot,OU=Groups,DC=corp,DC=example,DC=com";

/// The company, with user 1 in the group, and user 2 in a group inside it.
fn with_a_pilot(count: u32) -> String {
    let group = |name: &str, member_of: &str| {
        format!(
            "dn: CN={name},OU=Groups,{base}\nobjectClass: top\nobjectClass: group\n\
             objectCategory: CN=Group,CN=Schema,CN=Configuration,{base}\ncn: {name}\n{member_of}\n",
            base = company::BASE
        )
    };
    let inside = format!("memberOf: {PILOT}\n");
    let member =
        |number: u32, of: &str| (format!("cn: User {number}\n"), format!("cn: User {number}\nmemberOf: {of}\n"));
    let mut text = company::ldif(count) + &group("Pilot", "") + &group("Inner", &inside);
    for (from, to) in [member(1, PILOT), member(2, &PILOT.replace("Pilot", "Inner"))] {
        text = text.replace(&from, &to);
    }
    text
}

/// An answer without what differs from one to the next.
fn reported(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
    let headers = answer.headers.iter().filter(|(name, _)| name != "date");
    let headers = headers.map(|(name, value)| (name.clone(), value.replace(&id, "ID"))).collect();
    (answer.status, headers, answer.body.replace(&id, "ID"))
}

fn allow(answers: &str) -> String {
    answers.replace("safeguard = \"10%\"", &format!("safeguard = \"10%\"\npilot_group = \"{PILOT}\""))
}

#[test]
fn only_pilot_group_members_are_activated() {
    let (imd, service, token) = served(5, |answers| allow(&answers));
    assert_eq!(imd.json(["settings"])["pilot_group"], PILOT);
    let laptops: Vec<_> = (0..4).map(Laptop::new).collect();
    for laptop in &laptops {
        laptop.enroll(&service, &token).granted();
    }
    // The group does not exist yet, so it has no members.
    let outside = laptops[3].claim(&service, "user3@corp.example.com");
    assert_eq!(laptops[1].claim(&service, "user1@corp.example.com").status, 403);
    let unknown = laptops[3].claim(&service, "nobody@corp.example.com");
    assert_eq!(reported(&outside), reported(&unknown));
    assert_eq!(
        imd.row("SELECT count(*) AS n FROM refusal WHERE reason = 'not-allowed-yet'")["n"],
        2,
        "the administrator sees the reason"
    );
    imd.write("users.ldif", with_a_pilot(5));
    imd.imd(["sync"]).succeeded();
    laptops[1].claim(&service, "user1@corp.example.com").granted();
    laptops[2].claim(&service, "user2@corp.example.com").granted();
    assert_eq!(laptops[3].claim(&service, "user3@corp.example.com").status, 403);
    let run = imd.imd(["explain", "user3"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("pilot") && run.stderr.contains("imd sync"), "{run:?}");
    // A user who leaves the group keeps the activated laptop and gets no other one.
    imd.write("users.ldif", company::ldif(5));
    imd.imd(["sync"]).succeeded();
    laptops[1].claim(&service, "user1@corp.example.com").granted();
    assert_eq!(laptops[0].claim(&service, "user1@corp.example.com").status, 403);
    // Another group, which `setup` reads at once: user 2 is in it, user 1 is not.
    imd.write("users.ldif", with_a_pilot(5));
    let other = allow(&imd.read("answers.toml").replace(&format!("\npilot_group = \"{PILOT}\""), ""));
    imd.write("answers.toml", other.replace("CN=Pilot,", "CN=Inner,"));
    imd.imd(["setup", "--answers", "answers.toml", "--yes"]).succeeded();
    assert_eq!(laptops[0].claim(&service, "user1@corp.example.com").status, 403);
    laptops[0].claim(&service, "user2@corp.example.com").granted();
}

/// The engine of an installation, with a stopped clock.
fn at(imd: &Installation, time: &str) -> Engine {
    let now: Timestamp = time.parse().unwrap();
    Engine::open(Options { clock: Arc::new(move || now), ..Options::of_host(imd.state()) }).unwrap()
}

fn claim(engine: &Engine, number: u32) -> Result<String, Denial> {
    let request = Laptop::new(number).claim_request(&format!("user{number}@corp.example.com"));
    let asker = Asker { peer: Some([127, 0, 0, 1].into()), correlation: format!("{number:016x}"), end_point: None };
    engine.claim(&serde_json::from_value(request).unwrap(), &asker).map(|answer| answer.device)
}

#[test]
fn daily_activation_limit_holds_under_load() {
    let imd = company(40, |answers| {
        answers.replace("safeguard = \"10%\"", "safeguard = \"10%\"\ndaily_activation_limit = 5")
    });
    imd.imd(["sync"]).succeeded();
    let token = token(&imd);
    let now = Timestamp::now();
    let day = |days: i64| (now + jiff::SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%d").to_string();
    let tomorrow = at(&imd, &format!("{}T22:00:00Z", day(1)));
    for number in 0..30 {
        let asker =
            Asker { peer: Some([127, 0, 0, 1].into()), correlation: "0123456789abcdef".to_owned(), end_point: None };
        let request = serde_json::from_value(Laptop::new(number).enroll_request(&token)).unwrap();
        assert!(tomorrow.enroll(&request, &asker).is_ok(), "{number}");
    }
    let together = Arc::new(Barrier::new(30));
    let asking: Vec<_> = (0..30)
        .map(|number| {
            let (engine, together) = (tomorrow.clone(), Arc::clone(&together));
            thread::spawn(move || {
                together.wait();
                (number, claim(&engine, number))
            })
        })
        .collect();
    let answers: Vec<_> = asking.into_iter().map(|thread| thread.join().unwrap()).collect();
    let (granted, waiting): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.is_ok());
    assert_eq!(granted.len(), 5);
    // Two hours until midnight; the answer does not depend on the user.
    let reported = Denial { retry_after: Some(2 * 3_600), ..Denial::of(Code::Paused) };
    assert!(waiting.iter().all(|(_, answer)| *answer == Err(reported.clone())), "{waiting:?}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 5);
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal WHERE reason = 'daily-limit'")["n"], 25);
    // A repeated activation and a released seat do not count as new activations.
    let (again, device) = (granted[0].0, granted[0].1.clone().unwrap());
    assert_eq!(claim(&tomorrow, again), Ok(device.clone()));
    imd.imd(["devices", "release", &device]).succeeded();
    assert_eq!(claim(&tomorrow, waiting[0].0), Err(reported));
    // The next day five more come in.
    let next = at(&imd, &format!("{}T00:00:00Z", day(2)));
    let came = waiting.iter().filter(|(number, _)| claim(&next, *number).is_ok()).count();
    assert_eq!(came, 5);
}

#[test]
fn profile_user_limit_does_not_limit_laptops() {
    let (imd, service, token) =
        served(4, |answers| answers.replace("quota = \"50 GiB\"", "quota = \"50 GiB\"\nmax_users = 2"));
    let claim = |number: u32, user: &str| {
        Laptop::new(number).enroll(&service, &token).granted();
        Laptop::new(number).claim(&service, user)
    };
    claim(1, "user1").granted();
    claim(2, "user2").granted();
    let full = claim(3, "user3");
    assert_eq!((full.status, full.error().as_str()), (403, "refused"));
    assert_eq!(imd.row("SELECT reason FROM refusal")["reason"], "profile-full");
    claim(4, "user1").granted();
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 2);
    imd.sqlite(&[], "UPDATE profile SET max_users = 3");
    Laptop::new(3).claim(&service, "user3").granted();
}

#[test]
fn invalid_pilot_group_is_rejected_in_the_form() {
    let imd = company::prepared(2);
    let answers = company::ANSWERS.replace("safeguard = \"10%\"", "safeguard = \"10%\"\npilot_group = \"Pilot\"");
    imd.write("answers.toml", answers);
    imd.imd(["setup", "--answers", "answers.toml"]).failed_with(1, ["settings.pilot_group", "the DN of a group"]);
}
