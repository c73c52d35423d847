//! A way to the sandbox with a gate in it: a request that is held waits until the test opens the gate, so that a test
//! can do something in the very middle of a publish without guessing how long it takes.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use super::project::until;

#[derive(Default)]
struct State {
    held: usize,
    open: bool,
}

/// Passes bytes on to the sandbox, but holds requests whose head contains `holds`.
pub struct Gate {
    /// `http://127.0.0.1:PORT` of the way with the gate.
    pub endpoint: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Gate {
    /// A gate before an endpoint.
    pub fn before(endpoint: &str, holds: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let (to, holds, shared) =
            (endpoint.trim_start_matches("http://").to_owned(), holds.to_owned(), Arc::clone(&state));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (to, holds, state) = (to.clone(), holds.clone(), Arc::clone(&shared));
                std::thread::spawn(move || pass(client, &to, &holds, &state));
            }
        });
        Self { endpoint: own, state }
    }

    /// Waits until so many requests are held.
    #[track_caller]
    pub fn until_held(&self, count: usize) {
        until("a request at the gate", || {
            (self.state.0.lock().expect("no panic holds it").held >= count).then_some(())
        });
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.state.0.lock().expect("no panic holds it").open = true;
        self.state.1.notify_all();
    }
}

/// One connection. Requests of the SDK begin with a write of their own, so a piece of bytes begins with the head.
fn pass(mut client: TcpStream, to: &str, holds: &str, state: &(Mutex<State>, Condvar)) {
    let Ok(mut server) = TcpStream::connect(to) else { return };
    let (Ok(mut answers), Ok(mut back)) = (server.try_clone(), client.try_clone()) else { return };
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count) = client.read(&mut bytes) {
        let piece = String::from_utf8_lossy(&bytes[..count]);
        if piece.split("\r\n\r\n").next().is_some_and(|head| head.contains(holds)) {
            let mut held = state.0.lock().expect("no panic holds it");
            held.held += 1;
            drop(state.1.wait_while(held, |state| !state.open).expect("no panic holds it"));
        }
        // A client that is gone leaves its last request behind, as on a real network.
        if count == 0 || server.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
}
