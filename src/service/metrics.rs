//! Metrics in the text format of Prometheus (version 0.0.4): answered requests, devices, users, syncs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::engine::Engine;
use crate::protocol::Code;

#[derive(Default)]
pub(super) struct Metrics(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// By route and outcome: the count and the total seconds.
    answers: BTreeMap<(&'static str, String), (u64, f64)>,
    no_tls: u64,
}

impl Metrics {
    pub(super) fn answered(&self, route: &'static str, code: Option<Code>, took: Duration) {
        let outcome = match code.and_then(|code| serde_json::to_value(code).ok()) {
            Some(serde_json::Value::String(word)) => word,
            _ => "ok".to_owned(),
        };
        let mut counts = self.counts();
        let (count, seconds) = counts.answers.entry((route, outcome)).or_default();
        *count += 1;
        *seconds += took.as_secs_f64();
    }

    /// Counts a connection that failed before a request.
    pub(super) fn no_tls(&self) {
        self.counts().no_tls += 1;
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn text(&self, engine: &Engine) -> String {
        let mut out = String::new();
        let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, String)]| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in samples {
                let _ = writeln!(out, "{name}{labels} {value}");
            }
        };
        {
            let counts = self.counts();
            let labels = |route: &str, outcome: &str| format!("{{route=\"{route}\",outcome=\"{outcome}\"}}");
            let (mut number, mut seconds) = (Vec::new(), Vec::new());
            for ((route, outcome), (count, took)) in &counts.answers {
                number.push((labels(route, outcome), count.to_string()));
                seconds.push((labels(route, outcome), format!("{took:.6}")));
            }
            family("imd_requests_total", "counter", "Requests by route and outcome.", &number);
            family("imd_request_seconds_total", "counter", "Total time of the requests in seconds.", &seconds);
            let none = [(String::new(), counts.no_tls.to_string())];
            family("imd_tls_failures_total", "counter", "Connections that failed in the TLS handshake.", &none);
        }
        if let Ok(standing) = engine.activations() {
            let funnel = standing.funnel;
            let state = |state: &str, count: u64| (format!("{{state=\"{state}\"}}"), count.to_string());
            let devices =
                [state("pending", funnel.pending), state("activated", funnel.activated), state("ended", funnel.ended)];
            family("imd_devices", "gauge", "Devices by state.", &devices);
            let plain = |count: u64| [(String::new(), count.to_string())];
            family("imd_cached_users", "gauge", "Users in the cache.", &plain(funnel.cached));
            family("imd_accounts", "gauge", "Users with an account.", &plain(funnel.accounts));
            family(
                "imd_paused",
                "gauge",
                "1 while activations are paused, else 0.",
                &plain(standing.pause.is_some().into()),
            );
        }
        if let Ok(Some(last)) = engine.last_sync() {
            let last = [(String::new(), last.as_second().to_string())];
            family("imd_last_sync_timestamp_seconds", "gauge", "Time of the last sync.", &last);
        }
        out
    }
}
