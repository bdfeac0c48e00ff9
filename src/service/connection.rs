//! One connection: how long each part of it may take, and how large it may be.

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
use super::{FAREWELL, Shared, answer, stopped};

/// To set up TLS, and from one request to the end of the next one's headers.
const HEADERS: Duration = Duration::from_secs(10);
/// The headers of a request, in bytes.
const LONGEST_HEADERS: usize = 16 * 1024;
/// However busy it is, a connection ends after this.
const LIFE: Duration = Duration::from_mins(10);

/// Answers the requests of a connection until either side has had enough.
pub(super) async fn serve(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr, mut stopping: watch::Receiver<bool>) {
    // Answers are small and waited for. Should the system refuse that, they are only slower.
    let _ = tcp.set_nodelay(true);
    let Shown { tls, end_point, .. } = shared.certificates.next();
    let Ok(Ok(stream)) = tokio::time::timeout(HEADERS, tls.accept(tcp)).await else {
        shared.metrics.no_tls();
        return;
    };
    // A proxy of ours ends the laptop's TLS itself: what was shown to the proxy binds nothing.
    let end_point = (!shared.proxies.contains(&peer.ip().to_canonical())).then_some(end_point);
    let respond = service_fn(|request| answer::to(Arc::clone(&shared), peer.ip(), end_point.clone(), request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(LONGEST_HEADERS).half_close(false);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), respond));
    tokio::select! {
        // Whatever went wrong, the other side has gone or broke the rules: nobody is left to be told.
        _ = connection.as_mut() => return,
        () = stopped(&mut stopping) => {}
        () = tokio::time::sleep(LIFE) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(FAREWELL, connection).await;
}
