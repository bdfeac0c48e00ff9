//! Routes and answers: limits on the body and the deadline, and the minimum time of a refusal.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Shared;
use crate::engine::{Asker, Denial, Engine};
use crate::protocol::{self, Code, ErrorAnswer, HealthAnswer};

/// From the end of the headers to the answer.
const DEADLINE: Duration = Duration::from_secs(30);
/// A refusal that concerns a person takes a whole multiple of this time, so that its duration does not reveal the reason.
const REFUSAL_STEP: Duration = Duration::from_secs(1);

/// An answer before it is sent.
struct Answer {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
    retry_after: Option<u64>,
    allow: Option<&'static str>,
    /// For the metrics.
    code: Option<Code>,
}

pub(super) async fn to(
    shared: Arc<Shared>,
    peer: IpAddr,
    end_point: Option<Arc<[u8]>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let began = Instant::now();
    let Ok(correlation) = shared.engine.correlation_id() else {
        return Ok(written(refusal(Denial::of(Code::Internal), ""), ""));
    };
    let route = route(request.uri().path());
    let peer = origin(peer, request.headers(), &shared.proxies);
    let asker = Asker { peer, correlation: correlation.clone(), end_point };
    let answered = tokio::time::timeout(DEADLINE, answer(&shared, asker, request)).await;
    let answer = answered.unwrap_or_else(|_| Err(Denial::of(Code::Timeout)));
    let answer = answer.unwrap_or_else(|denial| refusal(denial, &correlation));
    if matches!(answer.code, Some(Code::Refused | Code::DeviceLimit)) {
        let steps = began.elapsed().as_nanos().div_ceil(REFUSAL_STEP.as_nanos());
        let until = REFUSAL_STEP * u32::try_from(steps).unwrap_or(1);
        tokio::time::sleep_until((began + until).into()).await;
    }
    shared.metrics.answered(route, answer.code, began.elapsed());
    Ok(written(answer, &correlation))
}

/// The route label of a path in the metrics.
fn route(path: &str) -> &'static str {
    [protocol::ENROLL, protocol::CLAIM, protocol::CHECK_IN, protocol::HEALTH, protocol::METRICS]
        .into_iter()
        .find(|route| *route == path)
        .unwrap_or("other")
}

async fn answer(shared: &Arc<Shared>, asker: Asker, request: Request<Incoming>) -> Result<Answer, Denial> {
    let wanted = match request.uri().path() {
        protocol::ENROLL | protocol::CLAIM | protocol::CHECK_IN => Method::POST,
        protocol::HEALTH | protocol::METRICS => Method::GET,
        _ => return Err(Denial::of(Code::NotFound)),
    };
    if *request.method() != wanted {
        let allow = if wanted == Method::POST { "POST" } else { "GET" };
        let denial = refusal(Denial::of(Code::MethodNotAllowed), &asker.correlation);
        return Ok(Answer { allow: Some(allow), ..denial });
    }
    let path = request.uri().path().to_owned();
    let engine = shared.engine.clone();
    match path.as_str() {
        protocol::ENROLL => {
            let body = body(request).await?;
            blocking(move || engine.enroll(&read(&body)?, &asker)).await
        }
        protocol::CLAIM => {
            let body = body(request).await?;
            blocking(move || engine.claim(&read(&body)?, &asker)).await
        }
        protocol::CHECK_IN => {
            let body = body(request).await?;
            blocking(move || engine.check_in(&read(&body)?, &asker)).await
        }
        protocol::HEALTH => blocking(move || health(&engine)).await,
        _ => {
            let shared = Arc::clone(shared);
            let text = in_background(move || shared.metrics.text(&shared.engine)).await?;
            Ok(Answer { kind: "text/plain; version=0.0.4; charset=utf-8", body: text.into_bytes(), ..ok() })
        }
    }
}

/// Healthy as long as the state can be read, also while activations are paused.
fn health(engine: &Engine) -> Result<HealthAnswer, Denial> {
    let paused = engine.paused().map_err(|_| Denial::of(Code::Internal))?;
    let status = if paused.is_some() { "paused" } else { "ok" };
    Ok(HealthAnswer { status: status.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

async fn body(request: Request<Incoming>) -> Result<Bytes, Denial> {
    let body = Limited::new(request.into_body(), protocol::LONGEST_BODY).collect().await;
    let body = body
        .map_err(|error| Denial::of(if error.is::<LengthLimitError>() { Code::TooLarge } else { Code::Malformed }))?;
    Ok(body.to_bytes())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Denial> {
    // The error is not repeated, because it may contain a misplaced password.
    serde_json::from_slice(body).map_err(|_| Denial::of(Code::Malformed))
}

/// Runs a blocking call of the engine on another thread.
async fn in_background<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, Denial> {
    tokio::task::spawn_blocking(act).await.map_err(|_| Denial::of(Code::Internal))
}

async fn blocking<T: Serialize + Send + 'static>(
    act: impl FnOnce() -> Result<T, Denial> + Send + 'static,
) -> Result<Answer, Denial> {
    let value = in_background(act).await??;
    let body = serde_json::to_vec(&value).map_err(|_| Denial::of(Code::Internal))?;
    Ok(Answer { body, ..ok() })
}

fn ok() -> Answer {
    Answer { status: 200, kind: "application/json", body: Vec::new(), retry_after: None, allow: None, code: None }
}

fn refusal(denial: Denial, correlation: &str) -> Answer {
    let Denial { code, retry_after, auth_methods } = denial;
    let (message, correlation_id) = (code.message().to_owned(), correlation.to_owned());
    let answer = ErrorAnswer { error: code, message, auth_methods, correlation_id };
    let body = serde_json::to_vec(&answer).unwrap_or_default();
    Answer { status: code.status(), body, retry_after, code: Some(code), ..ok() }
}

fn written(answer: Answer, correlation: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(correlation) {
        headers.insert("x-correlation-id", id);
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(method) = answer.allow {
        headers.insert(ALLOW, HeaderValue::from_static(method));
    }
    response
}

/// The laptop's address: the peer, or for a trusted proxy the last address in X-Forwarded-For that is not a trusted proxy,
/// because earlier ones may be forged. `None` when a trusted proxy names no address: the proxy's own address is not the
/// laptop's and may be in an allowed network.
fn origin(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if !proxies.contains(&peer) {
        return Some(peer);
    }
    // The peer added the last address, and each trusted proxy the one before its own.
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    for hop in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
        let address = hop_address(hop)?;
        if !proxies.contains(&address) {
            return Some(address);
        }
    }
    None
}

/// The address of a hop. Some proxies add the port.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let address = hop.parse().or_else(|_| hop.parse().map(|address: SocketAddr| address.ip()));
    Some(address.ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, proxies: &[&str], lines: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).expect("a header"));
        }
        let proxies: Vec<IpAddr> = proxies.iter().map(|proxy| proxy.parse().expect("an address")).collect();
        origin(peer.parse().expect("an address"), &headers, &proxies).map(|address| address.to_string())
    }

    #[test]
    fn x_forwarded_for_is_used_from_trusted_proxies_only() {
        let of = |peer, proxies: &[&str]| found(peer, proxies, &[b"6.6.6.6, 198.51.100.7, 10.0.0.2"]);
        assert_eq!(of("203.0.113.9", &[]).as_deref(), Some("203.0.113.9"));
        assert_eq!(of("203.0.113.9", &["10.0.0.1"]).as_deref(), Some("203.0.113.9"));
        assert_eq!(of("10.0.0.1", &["10.0.0.1", "10.0.0.2"]).as_deref(), Some("198.51.100.7"));
        assert_eq!(of("::ffff:10.0.0.1", &["10.0.0.1"]).as_deref(), Some("10.0.0.2"));
    }

    #[test]
    fn a_laptop_cannot_forge_its_address_behind_a_proxy() {
        let of = |lines: &[&[u8]]| found("10.0.0.1", &["10.0.0.1", "10.0.0.2"], lines);
        let known: [&[&[u8]]; 10] = [
            &[b"198.51.100.7"],
            &[b"x, 198.51.100.7"],
            &[b"\xff, 198.51.100.7"],
            &[b"x", b"198.51.100.7"],
            &[b"\xff", b",,", b"198.51.100.7"],
            &[b"203.0.113.9", b"198.51.100.7"],
            // IPv4-mapped, and with a port.
            &[b"x, 198.51.100.7,::ffff:10.0.0.2"],
            &[b"x, 198.51.100.7", b"10.0.0.2"],
            &[b"::ffff:198.51.100.7"],
            &[b"198.51.100.7:50123"],
        ];
        for lines in known {
            assert_eq!(of(lines).as_deref(), Some("198.51.100.7"), "{lines:?}");
        }
        let unknown: [&[&[u8]]; 5] =
            [&[], &[b""], &[b"10.0.0.2"], &[b"198.51.100.7, unknown"], &[b"198.51.100.7, \xff, 10.0.0.2"]];
        for lines in unknown {
            assert_eq!(of(lines), None, "{lines:?}");
        }
    }
}
