//! One request to the service: HTTPS with the token's pin or the system's roots, optionally through a proxy.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::Error;
use crate::model::token::Pin;
use crate::protocol::{ErrorAnswer, LONGEST_BODY};
use crate::secrets::client_config;

const CONNECT: Duration = Duration::from_secs(10);
/// The service takes up to 30 s to answer.
const ANSWER: Duration = Duration::from_secs(45);

/// The server at the other end of a connection.
#[derive(Debug)]
pub(super) struct Peer<'a> {
    pub(super) host: &'a str,
    /// DER.
    pub(super) certificate: &'a [u8],
}

/// Makes the body of a request once TLS is established.
pub(super) type Body<'a> = dyn Fn(&Peer<'_>) -> Result<Bytes, Error> + 'a;

/// The body of a request.
pub(super) fn json<Q: Serialize>(question: &Q) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(question).map_err(|error| Error::System(std::io::Error::other(error)))?;
    Ok(Bytes::from(body))
}

/// The service's addresses and how to verify it.
#[derive(Debug, Clone)]
pub(super) struct Service {
    /// `https://host[:port]`, tried in order.
    pub(super) servers: Vec<String>,
    pub(super) pin: Option<Pin>,
    /// `http://host:port` of a proxy that speaks CONNECT (RFC 9110, 9.3.6).
    pub(super) proxy: Option<Url>,
}

impl Service {
    /// Asks the servers in order until one answers in the protocol. Unreachable servers are skipped, and so are the error
    /// page of a load balancer and the certificate of a captive portal.
    pub(super) fn post<Q: Serialize, A: DeserializeOwned>(&self, path: &str, question: &Q) -> Result<A, Error> {
        let body = json(question)?;
        self.post_over(path, &|_| Ok(body.clone()))
    }

    /// The same with a body that is made for each connection.
    pub(super) fn post_over<A: DeserializeOwned>(&self, path: &str, body: &Body<'_>) -> Result<A, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
        let mut last = Error::NoServer;
        for server in &self.servers {
            match runtime.block_on(self.ask(server, path, body)) {
                Err(
                    error @ (Error::Unreachable { .. } | Error::WrongServer { .. } | Error::UnexpectedAnswer { .. }),
                ) => {
                    last = error;
                }
                done => return done,
            }
        }
        Err(last)
    }

    async fn ask<A: DeserializeOwned>(&self, server: &str, path: &str, body: &Body<'_>) -> Result<A, Error> {
        let unreachable = |why: String| Error::Unreachable { server: server.to_owned(), why };
        let url = crate::model::token::server(server).map_err(|error| unreachable(error.to_string()))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let timed_out = |_| unreachable("timed out".to_owned());
        let tcp = tokio::time::timeout(CONNECT, self.connect(&host, port)).await.map_err(timed_out)?;
        let tcp = tcp.map_err(|error| unreachable(error.to_string()))?;
        let name = ServerName::try_from(host.clone()).map_err(|error| unreachable(error.to_string()))?;
        let config = client_config(self.pin.as_ref()).map_err(|error| Error::System(std::io::Error::other(error)))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let tls = tokio::time::timeout(CONNECT, connector.connect(name, tcp)).await.map_err(timed_out)?;
        let tls =
            tls.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(error) => Error::WrongServer { server: server.to_owned(), why: error.to_string() },
                None => unreachable(error.to_string()),
            })?;
        let certificate = tls.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let body = body(&Peer { host: &host, certificate: certificate.map_or(&[], AsRef::as_ref) })?;
        let answer = tokio::time::timeout(ANSWER, exchange(tls, &url, path, body)).await.map_err(timed_out)?;
        let (status, retry_after, body) = answer.map_err(|error| unreachable(error.to_string()))?;
        let unexpected = |why: String| Error::UnexpectedAnswer { server: server.to_owned(), why };
        if status == 200 {
            return serde_json::from_slice(&body).map_err(|error| unexpected(error.to_string()));
        }
        let denied: ErrorAnswer =
            serde_json::from_slice(&body).map_err(|_| unexpected(format!("status {status} without a reason")))?;
        let ErrorAnswer { error: code, message, auth_methods, correlation_id } = denied;
        let [message, correlation] = [message, correlation_id].map(|text| crate::model::text::shown(&text));
        Err(Error::Denied { code, message, correlation, retry_after, auth_methods })
    }

    async fn connect(&self, host: &str, port: u16) -> std::io::Result<TcpStream> {
        let Some(proxy) = &self.proxy else { return TcpStream::connect((host, port)).await };
        let at = (proxy.host_str().unwrap_or_default().trim_matches(['[', ']']), proxy.port_or_known_default());
        let mut tcp = TcpStream::connect((at.0, at.1.unwrap_or(3128))).await?;
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        tcp.write_all(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).await?;
        // Byte by byte: the bytes after the empty line belong to TLS.
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < 8_192 {
            head.push(tcp.read_u8().await?);
        }
        let status = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        if status == b"200" { Ok(tcp) } else { Err(std::io::Error::other("the proxy refused the connection")) }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The status, the seconds of Retry-After, and the body.
async fn exchange(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    path: &str,
    body: Bytes,
) -> Result<(u16, Option<u64>, Bytes), Failure> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let host = url.as_str().trim_start_matches("https://").trim_end_matches('/');
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body))?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = Limited::new(response.into_body(), LONGEST_BODY).collect().await?.to_bytes();
    driver.abort();
    Ok((status, retry_after, body))
}
