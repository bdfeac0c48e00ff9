//! One connection and its limits.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::certificate::Shown;
use super::{SHUTDOWN, Shared, answer, stopped};

/// For the TLS handshake, and for the headers of each request.
const HEADERS: Duration = Duration::from_secs(10);
/// The headers of a request, in bytes.
const LONGEST_HEADERS: usize = 16 * 1024;
/// The maximum lifetime of a connection.
const LIFE: Duration = Duration::from_mins(10);

/// Answers the requests of a connection until it is closed or its lifetime ends.
pub(super) async fn serve(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr, mut stopping: watch::Receiver<bool>) {
    // Answers are small. A failure only makes them slower.
    let _ = tcp.set_nodelay(true);
    let Shown { tls, end_point, .. } = shared.certificates.next();
    let Ok(Ok(stream)) = tokio::time::timeout(HEADERS, tls.accept(tcp)).await else {
        shared.metrics.no_tls();
        return;
    };
    // A trusted proxy terminates the laptop's TLS, so there is no channel binding.
    let end_point = (!shared.proxies.contains(&peer.ip().to_canonical())).then_some(end_point);
    let respond = service_fn(|request| answer::to(Arc::clone(&shared), peer.ip(), end_point.clone(), request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(LONGEST_HEADERS).half_close(false);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), respond));
    tokio::select! {
        // The connection was closed or violated the protocol: no answer is possible.
        _ = connection.as_mut() => return,
        () = stopped(&mut stopping) => {}
        () = tokio::time::sleep(LIFE) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(SHUTDOWN, connection).await;
}
