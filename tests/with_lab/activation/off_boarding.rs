//! A user who leaves the controller's directory is refused, kept, and back with the same account.

use super::accounts::Account;
use super::workflow::set_up;
use crate::support::controller::Controller;
use crate::support::laptops::{Laptop, token};
use crate::support::service::{Service, free_address};

#[test]
fn returning_user_gets_the_same_account() {
    let controller = Controller::of_the_lab();
    let mut user = Account::new(&controller, "leaves-and-returns");
    let address = free_address();
    let imd = set_up(&controller, &controller.url, &address.to_string());
    let service = Service::start(&imd, address);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token(&imd)).granted();
    let request = laptop.password_request(&user.name, &controller.user_password);
    service.post("/v1/claim", &request).granted();
    let account = || {
        imd.row("SELECT a.id, a.preserved_why, hex(a.guid) AS guid, d.state FROM account a JOIN device d ON d.account_id = a.id")
    };
    let before = account();
    // Other tests make and remove accounts of their own below the same OU: a plan may be stopped for their sake.
    let sync = || {
        let plan = imd.json(["sync", "--plan"]);
        imd.imd(["sync", "--approve", plan["plan"]["hash"].as_str().unwrap()]).succeeded();
    };
    let lab = format!("OU=Lab,{}", controller.base_dn);
    for way in ["disabled", "moved"] {
        match way {
            "disabled" => user.disable(),
            _ => user.moved(&format!("CN=Users,{}", controller.base_dn)),
        }
        if way == "disabled" {
            assert_eq!(service.post("/v1/claim", &request).error(), "refused", "by the controller, before any sync");
        }
        sync();
        assert_eq!(service.post("/v1/claim", &request).error(), "refused", "{way}");
        assert_eq!(imd.row("SELECT reason FROM refusal ORDER BY number DESC LIMIT 1")["reason"], "user-left", "{way}");
        assert_eq!(account()["preserved_why"], "removed", "{way}");
        assert_eq!(laptop.check_in(&service).granted()["state"], "preserved", "{way}");
        match way {
            "disabled" => user.enable(),
            _ => user.moved(&lab),
        }
        sync();
        assert_eq!(account(), before, "the same account, in use");
        service.post("/v1/claim", &request).granted();
        assert_eq!(laptop.check_in(&service).granted()["state"], "activated", "{way}");
    }
}
