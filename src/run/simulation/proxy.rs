//! A run's way to the sandbox: it can be frozen, so that requests and answers lie in the network for as long as one
//! likes, and cut, as for a process that was killed.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

#[derive(Clone, Copy, Debug)]
struct Way {
    frozen_until: Option<Instant>,
    cut: bool,
}

/// The way of one run.
pub struct Proxy {
    pub address: SocketAddr,
    way: watch::Sender<Way>,
}

impl Proxy {
    /// A way to this address.
    pub async fn open(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let way = watch::Sender::new(Way { frozen_until: None, cut: false });
        let state = way.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(server) = TcpStream::connect(to).await {
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::spawn(pass(from_client, to_server, state.clone()));
                    tokio::spawn(pass(from_server, to_client, state.clone()));
                }
            }
        });
        Self { address, way }
    }

    /// Whatever is under way now or comes meanwhile arrives after this time.
    pub fn freeze(&self, length: Duration) {
        self.way.send_modify(|way| way.frozen_until = Some(Instant::now() + length));
    }

    /// Nothing passes any more. What the sandbox has heard it does all the same.
    pub fn cut(&self) {
        self.way.send_modify(|way| way.cut = true);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = tokio::select! {
            count = from.read(&mut bytes) => count.unwrap_or(0),
            _ = way.wait_for(|way| way.cut) => return,
        };
        if count == 0 {
            return;
        }
        loop {
            let Way { frozen_until, cut } = *way.borrow_and_update();
            match frozen_until.filter(|until| *until > Instant::now()) {
                _ if cut => return,
                Some(until) => sleep_until(until).await,
                None => break,
            }
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
