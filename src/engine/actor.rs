//! Finds the user who runs the program: the login user behind `su` and `sudo`.

use crate::model::audit::Actor;

/// `/proc/self/loginuid`, else for root `SUDO_UID`, else the uid; by name where `/etc/passwd` has one.
pub fn current_actor() -> Actor {
    // 4294967295 is "not set" (proc(5)).
    let login = std::fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse().ok());
    let login = login.filter(|uid: &u32| *uid != u32::MAX);
    let sudo = std::env::var("SUDO_UID").ok().and_then(|text| text.parse().ok());
    let uid = acting(login, sudo, rustix::process::getuid().as_raw());
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Actor::new(name_in(&passwd, uid).map_or_else(|| format!("uid {uid}"), str::to_owned))
}

/// The variable counts only for root: any other user could set it to a false value.
fn acting(login: Option<u32>, sudo: Option<u32>, uid: u32) -> u32 {
    login.or_else(|| sudo.filter(|_| uid == 0)).unwrap_or(uid)
}

fn name_in(passwd: &str, uid: u32) -> Option<&str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_user_is_taken_from_the_kernel_and_from_root_only() {
        for (login, sudo, uid, expected) in [
            (None, None, 1000, 1000),
            (Some(1000), None, 0, 1000),
            (Some(1000), Some(1001), 0, 1000),
            (None, Some(1001), 0, 1001),
            (None, Some(1001), 1000, 1000),
            (None, Some(0), 1000, 1000),
        ] {
            assert_eq!(acting(login, sudo, uid), expected, "{login:?} {sudo:?} {uid}");
        }
    }

    #[test]
    fn a_uid_is_named_by_its_line_of_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:100::/home/anna:/bin/sh\n";
        assert_eq!(name_in(passwd, 1000), Some("anna"));
        assert_eq!(name_in(passwd, 100), None);
    }
}
