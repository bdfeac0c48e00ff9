//! Laptops that speak the protocol by themselves, and the installation that they belong to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::company;
use super::installation::Installation;
use super::service::{Answer, Service, free_address};

/// A laptop of which everything follows from its number.
#[derive(Debug, Clone)]
pub struct Laptop {
    pub number: u32,
    /// Increases when it is reimaged: the keys change, the hardware does not.
    pub image: u32,
    pub host: String,
}

impl Laptop {
    pub fn new(number: u32) -> Self {
        Self { number, image: 0, host: format!("PC-{number}") }
    }

    pub fn imaged_anew(&self) -> Self {
        Self { image: self.image + 1, ..self.clone() }
    }

    pub fn key(&self, what: u8) -> String {
        let mut bytes = [what; 32];
        bytes[..4].copy_from_slice(&self.number.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.image.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub fn enroll_request(&self, token: &str) -> Value {
        json!({
            "token": token, "device_key": self.key(1), "claim_code": self.key(2),
            "laptop": {
                "host_name": self.host, "system": "linux", "agent": "test 1",
                "uuid": format!("4c4c4544-0042-3510-8053-{:012x}", self.number), "serial": format!("SN{:06}", self.number),
            },
        })
    }

    pub fn claim_request(&self, user: &str) -> Value {
        json!({
            "claim_code": self.key(2), "credential": self.key(3),
            "auth": { "method": "unverified", "user": user },
        })
    }

    pub fn password_request(&self, user: &str, password: &str) -> Value {
        json!({
            "claim_code": self.key(2), "credential": self.key(3),
            "auth": { "method": "password", "user": user, "password": password },
        })
    }

    pub fn enroll(&self, service: &Service, token: &str) -> Answer {
        service.post("/v1/enroll", &self.enroll_request(token))
    }

    pub fn claim(&self, service: &Service, user: &str) -> Answer {
        service.post("/v1/claim", &self.claim_request(user))
    }

    pub fn check_in(&self, service: &Service) -> Answer {
        service.post("/v1/check-in", &json!({ "device_key": self.key(1), "agent": "test 1" }))
    }
}

/// An installation over a file of `count` users, synced, with unverified activation; `change` edits the answers.
pub fn company(count: u32, change: impl Fn(String) -> String) -> Installation {
    let imd = Installation::new();
    imd.write("users.ldif", company::ldif(count));
    let answers = company::ANSWERS.replace(r#"["kerberos", "password"]"#, r#"["unverified"]"#);
    imd.write("answers.toml", change(answers));
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd
}

/// The same with the service running, and the token of its answers file.
pub fn served(count: u32, change: impl Fn(String) -> String) -> (Installation, Service, String) {
    let address = free_address();
    let imd = company(count, |answers| change(answers.replace("imd.corp.example.com:7443", &address.to_string())));
    imd.imd(["sync"]).succeeded();
    let token = token(&imd);
    let service = Service::start(&imd, address);
    (imd, service, token)
}

pub fn token(imd: &Installation) -> String {
    imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.trim().to_owned()
}
