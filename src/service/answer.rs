//! What each request is answered: the routes, the limits on a body, and the floor under every refusal.

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
const REQUEST: Duration = Duration::from_secs(30);
/// No refusal of a person is quicker, and each takes a whole number of these: what was looked at takes time, and the
/// time would tell what it was.
const FLOOR: Duration = Duration::from_secs(1);

/// An answer that is about to be written.
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
    let answered = tokio::time::timeout(REQUEST, answer(&shared, asker, request)).await;
    let answer = answered.unwrap_or_else(|_| Err(Denial::of(Code::Timeout)));
    let answer = answer.unwrap_or_else(|denial| refusal(denial, &correlation));
    if matches!(answer.code, Some(Code::Refused | Code::DeviceLimit)) {
        let floors = began.elapsed().as_nanos().div_ceil(FLOOR.as_nanos());
        let until = FLOOR * u32::try_from(floors).unwrap_or(1);
        tokio::time::sleep_until((began + until).into()).await;
    }
    shared.metrics.answered(route, answer.code, began.elapsed());
    Ok(written(answer, &correlation))
}

/// The route of a path, by which it is counted.
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
            let text = off_the_wire(move || shared.metrics.text(&shared.engine)).await?;
            Ok(Answer { kind: "text/plain; version=0.0.4; charset=utf-8", body: text.into_bytes(), ..ok() })
        }
    }
}

/// Green as long as the state can be read: what is paused is well.
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
    // What is wrong with it is not repeated: it may be a password in the wrong place.
    serde_json::from_slice(body).map_err(|_| Denial::of(Code::Malformed))
}

/// The engine's calls block, so they run on threads of their own.
async fn off_the_wire<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, Denial> {
    tokio::task::spawn_blocking(act).await.map_err(|_| Denial::of(Code::Internal))
}

async fn blocking<T: Serialize + Send + 'static>(
    act: impl FnOnce() -> Result<T, Denial> + Send + 'static,
) -> Result<Answer, Denial> {
    let value = off_the_wire(act).await??;
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

/// Where a request came from: the peer, or what a proxy of ours says of it. Of a chain, the last that is no proxy of
/// ours: everything before it may be made up. `None` when a proxy of ours does not say: its own address is not where the
/// laptop is, and may lie in a network that lets in.
fn origin(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if !proxies.contains(&peer) {
        return Some(peer);
    }
    // The last was added by the one who asks, and each before it by the one that it names: so far they can be believed.
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    for hop in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
        let address = hop_address(hop)?;
        if !proxies.contains(&address) {
            return Some(address);
        }
    }
    None
}

/// The address of a hop. Some proxies write the port as well.
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
    fn only_a_proxy_of_ours_is_believed_where_a_request_came_from() {
        let of = |peer, proxies: &[&str]| found(peer, proxies, &[b"6.6.6.6, 198.51.100.7, 10.0.0.2"]);
        assert_eq!(of("203.0.113.9", &[]).as_deref(), Some("203.0.113.9"));
        assert_eq!(of("203.0.113.9", &["10.0.0.1"]).as_deref(), Some("203.0.113.9"));
        assert_eq!(of("10.0.0.1", &["10.0.0.1", "10.0.0.2"]).as_deref(), Some("198.51.100.7"));
        assert_eq!(of("::ffff:10.0.0.1", &["10.0.0.1"]).as_deref(), Some("10.0.0.2"));
    }

    #[test]
    fn whatever_a_laptop_adds_the_address_is_the_one_that_the_proxy_wrote_or_none() {
        let of = |lines: &[&[u8]]| found("10.0.0.1", &["10.0.0.1", "10.0.0.2"], lines);
        let told: [&[&[u8]]; 10] = [
            &[b"198.51.100.7"],
            &[b"x, 198.51.100.7"],
            &[b"\xff, 198.51.100.7"],
            &[b"x", b"198.51.100.7"],
            &[b"\xff", b",,", b"198.51.100.7"],
            &[b"203.0.113.9", b"198.51.100.7"],
            // One address in other clothes, and with its port.
            &[b"x, 198.51.100.7,::ffff:10.0.0.2"],
            &[b"x, 198.51.100.7", b"10.0.0.2"],
            &[b"::ffff:198.51.100.7"],
            &[b"198.51.100.7:50123"],
        ];
        for lines in told {
            assert_eq!(of(lines).as_deref(), Some("198.51.100.7"), "{lines:?}");
        }
        let untold: [&[&[u8]]; 5] =
            [&[], &[b""], &[b"10.0.0.2"], &[b"198.51.100.7, unknown"], &[b"198.51.100.7, \xff, 10.0.0.2"]];
        for lines in untold {
            assert_eq!(of(lines), None, "{lines:?}");
        }
    }
}
