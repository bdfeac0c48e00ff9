//! `imd users` in a shell: what is shown of a user, and who may be forgotten.

use serde_json::json;

use crate::support::company::set_up;

#[test]
fn users_are_searched_sorted_and_shown_by_columns() {
    let imd = set_up(30);
    let run = imd.imd(["users", "user2", "--columns", "sAMAccountName,name", "--sort", "account"]);
    assert_eq!(run.stdout.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(), ["SAMACCOUNTNAME", "NAME"]);
    let found = imd.json(["users", "staff user", "--limit", "3", "--reverse"]);
    assert_eq!(found["total"], json!({ "count": 30, "more": false }));
    let names: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| &item["user"]["cn"]).collect();
    assert_eq!(names, ["User 9", "User 8", "User 7"]);
    let run = imd.imd(["users", "--limit", "3"]);
    assert!(run.stderr.contains("3 of 30 users"), "{run:#?}");
    imd.imd(["users", "--sort", "age"]).failed_with(2, ["name, account, mail"]);
    imd.imd(["users", "--columns", "name,age"]).failed_with(2, ["column"]);
    imd.imd(["users", "--csv", "--ldif"]).failed_with(2, ["--ldif"]);
}

#[test]
fn a_user_is_shown_with_all_that_is_known() {
    let imd = set_up(5);
    let run = imd.imd(["users", "show", "user3@corp.example.com"]);
    let lines: Vec<_> = run.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in ["User User 3", "Mapping Staff", "Quota 50 GiB", "Laptop limit 2 laptops"] {
        assert!(lines.iter().any(|shown| shown == line), "{line}: {run:#?}");
    }
    assert!(run.stdout.contains("none: no laptop was activated yet"), "{run:#?}");
    let page = imd.json(["users", "show", "user3"]);
    assert_eq!(page["gives"]["profile"], "Laptops");
    assert_eq!(page["user"]["mail"], "user3@corp.example.com");
    assert_eq!((&page["account"], &page["devices"]), (&json!(null), &json!([])));
    imd.imd(["users", "show", "nobody"]).failed_with(1, ["no user named nobody is in the cache", "`imd explain`"]);
}

#[test]
fn only_removed_users_without_account_are_forgotten() {
    let imd = set_up(12);
    imd.imd(["users", "forget", "user3", "--yes"]).failed_with(1, ["cannot forget User 3: the user is active"]);
    imd.write(
        "users.ldif",
        crate::support::company::ldif(12).replace("mail: user3@", "x: user3@").replace("mail: user4@", "x: user4@"),
    );
    imd.imd(["sync"]);
    let plan = imd.json(["sync", "list"])["items"][0]["hash"].as_str().unwrap().to_owned();
    let run = imd.imd(["sync", "--approve", &plan]);
    assert_eq!(imd.row("SELECT count(*) AS n FROM cached_user WHERE state = 'removed'")["n"], 2, "{run:#?}");
    imd.imd(["users", "forget", "user3"]).failed_with(3, ["User 3", "--yes"]);
    imd.imd(["users", "forget", "user3", "--yes", "--read-only"]).failed_with(1, ["read-only"]);
    // An account, as an activation makes it; kept since its user left.
    imd.sqlite(
        &[],
        "INSERT INTO account (directory_id, guid, name, mail, label, mapping, profile_id, storage_id, created_at, changed_at,
             preserved_at, preserved_why)
         SELECT directory_id, guid, 'user4@corp', 'user4@corp', label, 'Staff', 1, 1, '2026-01-01T00:00:00Z',
             '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 'removed' FROM cached_user WHERE label = 'User 4'",
    );
    let before = imd.dump();
    imd.imd(["users", "forget", "user4", "--yes"])
        .failed_with(1, ["the account user4@corp is preserved until", "imd accounts delete"]);
    assert!(before == imd.dump(), "a refusal changed something");

    imd.imd(["users", "forget", "user3", "--yes"]).succeeded();
    imd.imd(["users", "show", "user3"]).failed_with(1, ["no user named user3"]);
    let left = "SELECT (SELECT count(*) FROM cached_user WHERE label = 'User 3')
                    + (SELECT count(*) FROM user_name WHERE key LIKE '%USER3%')
                    + (SELECT count(*) FROM user_values WHERE attributes LIKE '%user3@%')
                    + (SELECT count(*) FROM user_index f LEFT JOIN cached_user u ON u.id = user_id WHERE u.id IS NULL) AS n";
    assert_eq!(imd.row(left)["n"], 0, "something of the user is left");
    let audit = imd.row("SELECT verb, subject FROM audit ORDER BY number DESC LIMIT 1");
    assert_eq!(audit["verb"], "users forget");
    assert!(audit["subject"].as_str().unwrap().starts_with("user User 3 ("), "{audit}");
    imd.imd(["audit", "verify"]).succeeded();
    let counted = "SELECT sum(users) AS n FROM user_count UNION ALL SELECT count(*) FROM cached_user";
    assert!(imd.rows(counted).windows(2).all(|pair| pair[0] == pair[1]), "{:?}", imd.rows(counted));
    // The next sync that finds the user adds the user again.
    imd.write("users.ldif", crate::support::company::ldif(12));
    imd.imd(["sync"]).succeeded();
    assert_eq!(imd.json(["users", "user3"])["items"].as_array().unwrap().len(), 1);
}
