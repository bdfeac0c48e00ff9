//! A proxy before the controller's LDAPS, on the controller's own address so that its certificate fits.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Proxy {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub fn before(controller: &str) -> Self {
        let listener = TcpListener::bind((controller, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, cut, open) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default(), Arc::default());
        let this = Self { address, connections, cut, open };
        let (connections, cut) = (Arc::clone(&this.connections), Arc::clone(&this.cut));
        let (open, controller) = (Arc::<Mutex<Vec<TcpStream>>>::clone(&this.open), controller.to_owned());
        thread::spawn(move || {
            for ours in listener.incoming().map_while(Result::ok) {
                if cut.load(Ordering::SeqCst) {
                    continue;
                }
                connections.fetch_add(1, Ordering::SeqCst);
                let theirs = TcpStream::connect((controller.as_str(), 636)).unwrap();
                open.lock().unwrap().extend([ours.try_clone().unwrap(), theirs.try_clone().unwrap()]);
                for (mut from, mut to) in [(ours.try_clone().unwrap(), theirs.try_clone().unwrap()), (theirs, ours)] {
                    thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        this
    }

    /// How many connections there were since it was last asked.
    pub fn connections(&self) -> usize {
        self.connections.swap(0, Ordering::SeqCst)
    }

    /// Ends every connection, and takes none until [`Self::restore`].
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn restore(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}
