//! What was written for deployment tools, and what became of it.

use crate::support::company::set_up;

#[test]
fn written_exports_are_listed_with_token_and_presence() {
    let imd = set_up(3);
    let listed = imd.json(["export", "written"]);
    let items = listed["items"].as_array().unwrap();
    let kept = imd.rows("SELECT id, target, folder, token_id FROM export ORDER BY id DESC");
    assert_eq!((items.len(), kept.len()), (3, 3));
    for (item, row) in items.iter().zip(&kept) {
        assert_eq!((&item["id"], &item["target"], &item["folder"]), (&row["id"], &row["target"], &row["folder"]));
        assert_eq!((&item["token"]["id"], &item["token"]["state"]), (&row["token_id"], &"valid".into()));
        assert_eq!((&item["there"], &item["newest"]), (&true.into(), &true.into()));
        assert_eq!(item["agent"], "imd-activate");
    }
    std::fs::remove_dir_all(imd.path("rollout/configmgr")).unwrap();
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    let listed = imd.imd(["export", "written"]).succeeded().stdout.clone();
    let line = |target: &str| listed.lines().find(|line| line.contains(target)).unwrap().to_owned();
    assert!(line("configmgr").contains(" missing "), "{listed}");
    assert!(line("msiexec").contains(" revoked "), "{listed}");
    // An export without its folder does not count as carrying the token; the others do.
    let tokens = imd.json(["status"])["overview"]["tokens"].clone();
    assert_eq!(tokens[0]["exports"], 2, "{tokens}");
}

#[test]
fn one_is_written_again_from_what_it_was_made_from() {
    let imd = set_up(3);
    let id = imd.row("SELECT id FROM export WHERE target = 'msiexec'")["id"].to_string();
    let files = |name: &str| {
        let mut all: Vec<_> = std::fs::read_dir(imd.path(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect::<Vec<_>>()
    };
    let before = files("rollout/msiexec");
    // Step 7 says something else by now, and the folder is gone.
    imd.sqlite(
        &[],
        "UPDATE document SET value = json_set(value, '$.proxy', 'http://other:8080', '$.agent', 'insync')
             WHERE name = 'installer'",
    );
    std::fs::remove_dir_all(imd.path("rollout/msiexec")).unwrap();
    let written = imd.json(["export", "rewrite", &id]);
    assert_eq!((&written["target"], &written["changed"]), (&"msiexec".into(), &true.into()));
    assert_eq!(files("rollout/msiexec"), before);
    imd.imd(["export", "check", "rollout/msiexec", "--offline"]).succeeded();
    // So it is when its token is replaced: what it was made from holds, not what step 7 says by now.
    let rotated = imd.json(["token", "rotate", "rollout-2026"]);
    let written = rotated["written"].as_array().unwrap();
    assert_eq!(written.len(), 3);
    assert!(written.iter().all(|one| one["error"].is_null()), "{rotated}");
    let proxies = "SELECT DISTINCT json_extract(inputs, '$.proxy') AS proxy FROM export";
    assert_eq!(imd.rows(proxies), [serde_json::json!({ "proxy": "system" })]);
    assert!(imd.read("rollout/msiexec/install.cmd").contains("IMD_PROXY=\"system\""));
    // A rotation does not create a removed folder of an export again.
    std::fs::remove_dir_all(imd.path("rollout/msiexec")).unwrap();
    imd.imd(["token", "rotate", "rollout-2026"]).failed_with(3, ["1 of 3 exports", "no longer contains"]);
    assert!(!imd.path("rollout/msiexec").exists());
    // After a rotation it contains the replacement; without a valid token of the name, nothing is written.
    imd.imd(["export", "rewrite", &id]).succeeded();
    let carried = imd.row(
        "SELECT t.replaced_by AS after FROM export e JOIN token t ON t.id = e.token_id
        WHERE e.target = 'msiexec' ORDER BY e.id DESC LIMIT 1",
    );
    assert_eq!(carried["after"], serde_json::Value::Null);
    let after = files("rollout/msiexec");
    imd.imd(["token", "revoke", "rollout-2026", "--yes"]).succeeded();
    imd.imd(["export", "rewrite", &id]).failed_with(1, ["no longer valid"]);
    assert_eq!(files("rollout/msiexec"), after);
    imd.imd(["export", "rewrite", "77"]).failed_with(1, ["no export has the number 77"]);
    imd.imd(["export", "rewrite", "x"]).failed_with(2, ["number of an export"]);
}
