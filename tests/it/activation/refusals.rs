//! A refusal does not reveal who a user is or why they are refused.

use crate::support::company;
use crate::support::laptops::{Laptop, served};

#[test]
fn refusals_differ_only_in_their_id() {
    let (imd, service, token) = served(6, |answers| answers);
    let laptop = |number| {
        let laptop = Laptop::new(number);
        laptop.enroll(&service, &token).granted();
        laptop
    };
    // user5 is disabled and user4 leaves the department, which the next sync sees; the third name is unknown.
    let ldif = company::ldif(6);
    let at = ldif.find("cn: User 5\n").unwrap();
    let (before, after) = ldif.split_at(at);
    let after = after.replace("userAccountControl: 512", "userAccountControl: 514");
    let at = before.find("cn: User 4\n").unwrap();
    let (head, tail) = before.split_at(at);
    imd.write("users.ldif", format!("{head}{}{after}", tail.replace("Sales", "Legal")));
    imd.imd(["sync"]).succeeded();
    laptop(1).claim(&service, "user1").granted();
    let (mut seen, mut ids) = (Vec::new(), Vec::new());
    for (number, user, reason) in [
        (2, "user5@corp.example.com", "user-left"),
        (3, "user4@corp.example.com", "user-left"),
        (4, "nobody@corp.example.com", "user-unknown"),
        (5, "", "user-unknown"),
        (1, "user2@corp.example.com", "device-taken"),
    ] {
        let answer =
            if number == 1 { Laptop::new(1).claim(&service, user) } else { laptop(number).claim(&service, user) };
        assert_eq!(answer.status, 403, "{answer:?}");
        let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
        let kept = imd.row(&format!("SELECT reason FROM refusal WHERE correlation = '{id}'"));
        assert_eq!(kept["reason"], reason, "{user}");
        let headers = answer.headers.iter().filter(|(name, _)| name != "date");
        let headers: Vec<_> = headers.map(|(name, value)| (name.clone(), value.replace(&id, "ID"))).collect();
        seen.push((headers, answer.body.replace(&id, "ID")));
        ids.push(id);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "they differ: {seen:#?}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 1);

    // The chain goes on past the token: to the laptop, to what was refused, to the limit.
    let part = |user: &str| {
        let reported: serde_json::Value = serde_json::from_str(&imd.imd(["explain", user, "--json"]).stdout).unwrap();
        let links = reported["links"].clone();
        let link = |link: &serde_json::Value| (link["part"].clone(), link["state"].clone());
        links.as_array().unwrap().iter().map(link).collect::<Vec<_>>()
    };
    let ends = |user: &str, end: &[(&str, &str)]| {
        let end: Vec<_> = end.iter().map(|(part, state)| ((*part).into(), (*state).into())).collect();
        assert!(part(user).ends_with(&end), "{user}: {:?}", part(user));
    };
    ends("user1", &[("token", "ok"), ("enrolled", "ok"), ("attempts", "ok"), ("limit", "ok")]);
    ends("user2", &[("token", "ok"), ("enrolled", "ok"), ("attempts", "pending")]);
    ends("user3", &[("token", "ok"), ("enrolled", "pending")]);
    // The correlation id alone is enough to explain the request; the failed link is first.
    assert_eq!(part(&ids[2])[0], ("request".into(), "failed".into()));
    let run = imd.imd(["explain", &ids[2]]);
    run.failed_with(3, ["broken at the directory"]);
    assert!(run.stdout.contains("no cached user has that name"), "{run:#?}");
    ends(&ids[4], &[("token", "ok"), ("enrolled", "ok"), ("attempts", "pending")]);
    imd.imd(["explain", &ids[4]]).failed_with(3, ["broken at the request", "imd devices release"]);
    imd.imd(["explain", &format!("{}0", ids[4])]).failed_with(3, ["broken at the directory"]);
}

#[test]
fn refusal_takes_at_least_a_second() {
    let (_imd, service, token) = served(2, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    let answer = laptop.claim(&service, "nobody");
    // Nothing takes long here, so the time is that of the refusal step.
    assert!(answer.took >= std::time::Duration::from_secs(1), "{answer:?}");
}

#[test]
fn ambiguous_name_is_refused_and_full_name_accepted() {
    let (imd, service, token) = served(3, |answers| answers);
    // A second domain's user of the same account name.
    let ldif = company::ldif(3).replace("sAMAccountName: user2", "sAMAccountName: user1");
    imd.write("users.ldif", ldif);
    imd.imd(["sync"]).succeeded();
    for (number, user) in [(1, "user1"), (2, "user2@corp.example.com"), (3, "user1@corp.example.com")] {
        let laptop = Laptop::new(number);
        laptop.enroll(&service, &token).granted();
        let answer = laptop.claim(&service, user);
        assert_eq!(answer.status, if number == 1 { 403 } else { 200 }, "{user}: {answer:?}");
    }
    assert_eq!(imd.row("SELECT reason FROM refusal")["reason"], "user-ambiguous");
}

#[test]
fn foreign_and_changed_tokens_are_refused() {
    let (imd, service, token) = served(2, |answers| answers);
    let (_other, _their_service, theirs) = served(2, |answers| answers);
    let mut changed = token.clone();
    changed.replace_range(40..41, if &token[40..41] == "A" { "B" } else { "A" });
    for (token, reason) in
        [(theirs.as_str(), "token-unknown-key"), (&changed, "token-signature"), ("imd1_", "token-malformed")]
    {
        let answer = Laptop::new(1).enroll(&service, token);
        assert_eq!((answer.status, answer.error().as_str()), (403, "token-refused"));
        let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
        assert_eq!(imd.row(&format!("SELECT reason FROM refusal WHERE correlation = '{id}'"))["reason"], reason);
    }
    assert_eq!(imd.row("SELECT count(*) AS n FROM device")["n"], 0);
}

#[test]
fn other_authentication_methods_are_refused() {
    let (imd, service, token) = served(2, |answers| answers.replace(r#"["unverified"]"#, r#"["password"]"#));
    let laptop = Laptop::new(1);
    assert_eq!(laptop.enroll(&service, &token).granted()["auth_methods"], serde_json::json!(["password"]));
    assert_eq!(laptop.claim(&service, "user1").error(), "auth-not-accepted");
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
}
