//! The seven steps as plain prompts on the lab's controller, from a file of typed lines.

use serde_json::json;

use super::by_answers_file::excluded;
use crate::support::controller::Controller;
use crate::support::installation::Installation;
use crate::support::prompts::Prompts;

#[test]
fn all_seven_steps_by_prompts_from_an_empty_state() {
    let controller = Controller::of_the_lab();
    let imd = Installation::new();
    let mut prompts = Prompts::start(&imd, &["setup", "--plain"]);
    let ca = controller.ca.display().to_string();
    let names = [
        ("url", controller.url.as_str()),
        ("ca", &ca),
        ("bind", &controller.bind),
        ("password", &controller.password),
        ("base", &controller.base_dn),
    ];
    let said = prompts.type_lines(include_str!("typed.txt"), &names);
    prompts.terminal.wait_for("All seven steps are done.");
    assert!(!String::from_utf8_lossy(&prompts.terminal.bytes()).contains(&controller.password), "it was echoed");
    assert_eq!(prompts.terminal.wait_for_end(), 0);

    let sales = format!("OU=Sales,OU=Corp,{}", controller.base_dn);
    let people = controller.ldapsearch(
        &sales,
        "(&(objectCategory=person)(objectClass=user))",
        &["mail", "userAccountControl", "accountExpires"],
    );
    let fit = people.values().filter(|entry| excluded(entry, &people).is_none()).count();
    assert!(said.contains(&format!("{fit} users match, {} excluded", people.len() - fit)), "{said}");
    assert!(said.contains("Sales"), "the OUs below were listed: {said}");
    let cached = imd.row("SELECT count(*) AS users FROM user WHERE state = 'active'");
    assert_eq!(cached, json!({ "users": fit }));
    for target in ["msiexec", "ivanti-mac"] {
        assert!(imd.path("rollout").join(target).join("SHA256SUMS").exists(), "{target}");
    }
}
