//! Plain HTTP by hand: a test of what strangers may send cannot use a client that behaves.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use lambda_layers_sandbox::{Options, Sandbox};
use tempfile::TempDir;

/// A sandbox in a folder of its own.
pub struct Started {
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

/// Starts a sandbox with these options; the folder is given to them.
pub async fn start(options: impl FnOnce(&std::path::Path) -> Options) -> Started {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(options(folder.path())).await.expect("started");
    Started { sandbox, folder }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Started {
    /// Sends exactly these headers (and the length and end of the connection), waits for the answer.
    pub async fn send(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        self.exchange([request.as_bytes(), b"\r\n", body].concat()).await
    }

    /// Sends exactly these bytes, waits for the answer and for the end of the connection.
    pub async fn exchange(&self, bytes: Vec<u8>) -> Answer {
        let host = self.sandbox.endpoint().trim_start_matches("http://").to_owned();
        let exchanged = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(host).expect("it listens");
            // A refusal may come before the body is sent.
            let _ = stream.write_all(&bytes);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            answer
        });
        parse(&exchanged.await.expect("sent"))
    }

    /// A request to the sandbox's own endpoints, by somebody who knows the secret.
    pub async fn control(&self, line: &str, body: &serde_json::Value) -> Answer {
        let secret = self.sandbox.secret().to_owned();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(line, &[("Host", "127.0.0.1"), ("X-Sandbox-Secret", &secret)], body.as_bytes()).await
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}
