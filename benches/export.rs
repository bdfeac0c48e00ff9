//! What an export costs: every target of one deployment in one call, and reading the definitions before it.

use std::collections::BTreeMap;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use imd::export::{self, Deployment, Rendered, TokenDelivery};
use imd::model::installer::Proxy;
use imd::model::name::Name;
use imd::secrets::Secret;

fn main() {
    divan::main();
}

fn deployment() -> Deployment {
    Deployment {
        agent: export::agents(None).expect("they are built in").remove(0),
        installation: "0123456789abcdef".to_owned(),
        token: Secret::new(format!("imd1_{}", "x".repeat(400))),
        token_id: None,
        token_name: Name::new("rollout").expect("a name"),
        token_expires_at: None,
        token_delivery: TokenDelivery::File,
        servers: vec!["https://imd.corp.example.com:7443".to_owned(); 2],
        proxy: Proxy::System,
        // Ivanti for Mac cannot do without them.
        properties: BTreeMap::from([
            ("mac-package-url".to_owned(), "https://files.example.com/a.pkg".to_owned()),
            ("mac-package-sha256".to_owned(), "0".repeat(64)),
        ]),
    }
}

#[divan::bench]
fn all_targets(bencher: Bencher) {
    let (deployment, targets) = (deployment(), export::targets(None).expect("they are built in"));
    bencher.counter(ItemsCount::new(targets.len())).bench(|| -> Vec<Rendered> {
        let each = targets.iter().map(|target| export::render(black_box(&deployment), target));
        each.collect::<Result<_, _>>().expect("they carry it")
    });
}

#[divan::bench]
fn definitions() -> usize {
    export::targets(None).expect("they are built in").len() + export::agents(None).expect("they are built in").len()
}
