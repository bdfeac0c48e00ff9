//! Whatever runs at once and whenever it is killed: never one activation more than token or user allows.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::laptops::{Laptop, company, served, token};
use crate::support::service::{Service, free_address};

#[test]
fn device_limit_holds_for_fifty_concurrent_laptops() {
    let (imd, service, token) = served(3, |answers| answers);
    let together = Arc::new(Barrier::new(50));
    let asking = (0..50).map(|number| {
        let (call, together, token) = (service.caller(), Arc::clone(&together), token.clone());
        thread::spawn(move || {
            let laptop = Laptop::new(number);
            call("/v1/enroll", &laptop.enroll_request(&token)).unwrap().granted();
            together.wait();
            call("/v1/claim", &laptop.claim_request("user1@corp.example.com")).unwrap().status
        })
    });
    let asking: Vec<_> = asking.collect();
    let answers: Vec<u16> = asking.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 2, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 403).count(), 48, "{answers:?}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 2);
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 1);
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal WHERE reason = 'device-limit'")["n"], 48);
}

/// What 8 threads were answered while the service was killed again and again.
fn hammered(most: u32, laptops: u32, kills: u32) {
    let address = free_address();
    let imd = company(laptops, |answers| {
        let answers = answers.replace("imd.corp.example.com:7443", &address.to_string());
        answers.replace("max_activations = 5000", &format!("max_activations = {most}"))
    });
    imd.imd(["sync"]).succeeded();
    let token = token(&imd);
    let mut service = Service::start(&imd, address);
    // Which devices were answered to be enrolled and activated.
    let answered: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let left = Arc::new(Mutex::new((0..laptops).collect::<Vec<_>>()));
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (call, token) = (service.caller(), token.clone());
            let (answered, left) = (Arc::clone(&answered), Arc::clone(&left));
            thread::spawn(move || {
                let next = || left.lock().unwrap().pop();
                while let Some(number) = next() {
                    let laptop = Laptop::new(number);
                    let user = format!("user{number}@corp.example.com");
                    // A laptop tries until it is answered, whether or not the service was there.
                    let patiently = |path: &str, body: &Value| loop {
                        match call(path, body) {
                            Ok(answer) if answer.status < 500 => return answer,
                            _ => thread::yield_now(),
                        }
                    };
                    if patiently("/v1/enroll", &laptop.enroll_request(&token)).status == 200 {
                        let device = patiently("/v1/claim", &laptop.claim_request(&user)).granted()["device"].clone();
                        answered.lock().unwrap().insert(device.as_str().unwrap().to_owned());
                    }
                }
            })
        })
        .collect();
    for kill in 1..=kills {
        let wanted = usize::try_from(most * kill / (kills + 1)).unwrap();
        crate::support::installation::eventually("some progress", || answered.lock().unwrap().len() >= wanted);
        service.kill();
        service = Service::start(&imd, address);
    }
    for worker in workers {
        worker.join().unwrap();
    }
    let kept: BTreeSet<String> = imd
        .rows("SELECT id FROM device WHERE state = 'activated'")
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    let answered = answered.lock().unwrap().clone();
    assert_eq!(answered.difference(&kept).count(), 0, "what was answered is there");
    assert_eq!(kept.len(), usize::try_from(most).unwrap(), "as many as the token allows, and not one more");
    assert_eq!(imd.row("SELECT count(*) AS n FROM token_use")["n"], most);
    assert_eq!(imd.row("SELECT count(*) AS n FROM device")["n"], most, "a laptop that asked again is one device");
    assert!(imd.imd(["audit", "verify"]).succeeded().stdout.contains("none changed or removed"));
    drop(service);
}

#[test]
fn maximum_activations_hold_under_load_and_kills() {
    if std::env::var_os("IMD_LONG").is_some() {
        hammered(1_000, 1_050, 20);
    } else {
        hammered(60, 70, 4);
    }
}
