//! What the service answers is what `assets/openapi.yaml` says, to thousands of requests that keep to it or break it.
//!
//! The judge is schemathesis (PyPI), which `tests/run` installs below `target/`: it makes the requests up from the
//! document and holds each answer against it. A hook of ours gives some of them a token and codes that are good here, so
//! that not every answer is a refusal.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::laptops::{Laptop, served};

/// Where `tests/run` put it.
fn schemathesis() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("schemathesis/bin/schemathesis");
    assert!(program.exists(), "{} is not there; `tests/run --packages` installs it", program.display());
    program
}

#[test]
fn service_conforms_to_the_openapi_description() {
    let (imd, service, token) = served(20, |answers| answers.replace("devices_per_user = 2", "devices_per_user = 100"));
    let laptops: Vec<_> = (0..12).map(Laptop::new).collect();
    for laptop in &laptops {
        laptop.enroll(&service, &token).granted();
    }
    let der = STANDARD.encode(crate::support::service::authority(&imd));
    let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
    let authority = imd.write("authority.pem", pem);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let suite = here.join("tests/with_lab/protocol");
    let of = |what: u8| laptops.iter().map(|laptop| laptop.key(what)).collect::<Vec<_>>().join(" ");
    let examples = if std::env::var_os("IMD_LONG").is_some() { "1000" } else { "60" };
    let ran = Command::new(schemathesis())
        .current_dir(imd.folder())
        .arg("--config-file")
        .arg(suite.join("schemathesis.toml"))
        .arg("run")
        .arg(here.join("assets/openapi.yaml"))
        .args(["--url", &format!("https://{}", service.address), "--tls-verify"])
        .arg(authority)
        .args(["--checks", "all", "--phases", "coverage,fuzzing", "--max-examples", examples, "--seed", "1"])
        .args(["--continue-on-failure", "--no-color", "--workers", "4", "--request-timeout", "60"])
        .args(["--suppress-health-check", "all"])
        .envs([("PYTHONPATH", suite.to_str().unwrap()), ("SCHEMATHESIS_HOOKS", "laptops")])
        .envs([("IMD_TOKEN", token), ("IMD_CODES", of(2)), ("IMD_KEYS", of(1))])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    // It came through: what was answered were not refusals alone.
    let metrics = service.get("/metrics").body;
    for route in ["/v1/enroll", "/v1/claim", "/v1/check-in"] {
        let line = format!("imd_requests_total{{route=\"{route}\",outcome=\"ok\"}} ");
        let count = metrics.lines().find_map(|other| other.strip_prefix(&line)?.parse::<u32>().ok());
        assert!(count.is_some_and(|count| count > 1), "{route}: {count:?} in\n{metrics}\n{said}");
    }
    assert!(!metrics.contains("outcome=\"internal\""), "{metrics}");
    assert_eq!(service.get("/v1/health").granted()["status"], "ok");
}
