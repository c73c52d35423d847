//! What the tests share: the real binary, a sandbox to run it against, and folders of their own.
#![allow(dead_code, unused_macros, reason = "each test file uses its part")]

pub mod gate;
pub mod process;
pub mod project;
#[macro_use]
pub mod shown;
pub mod zips;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use tempfile::TempDir;

/// The binary under test.
pub const LAYERSHIP: &str = env!("CARGO_BIN_EXE_layership");

/// A folder of its own, gone after the test.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("layership-test-").tempdir().expect("a temporary folder")
}

/// Writes a file below a folder, making what lies between.
pub fn write(folder: impl AsRef<Path>, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.as_ref().join(path);
    std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders");
    std::fs::write(&path, content).expect("a file");
    path
}

/// The binary with an environment in which it can reach nothing by accident.
pub fn layership(folder: impl AsRef<Path>) -> Command {
    isolated(LAYERSHIP, folder)
}

/// A program with an environment in which it can reach nothing by accident: no credentials, no Region, no metadata
/// service, no home.
pub fn isolated(program: impl AsRef<OsStr>, folder: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder.as_ref()).env_clear();
    for kept in ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
        .env("HOME", folder.as_ref())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .stdin(Stdio::null());
    command
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; -1 for a signal.
    pub code: i32,
    /// Everything it printed as data.
    pub stdout: String,
    /// Everything it said meanwhile.
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }
}

impl Ended {
    /// The report that `--format json` printed.
    pub fn report(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no report on stdout: {error}\n{self:?}"))
    }

    /// Asserts the exit code, showing everything if it is another one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// Runs to the end.
pub fn run<I: AsRef<OsStr>>(mut command: Command, args: impl IntoIterator<Item = I>) -> Ended {
    command.args(args).output().expect("the binary starts").into()
}

/// A sandbox in a process of its own.
pub struct Sandbox {
    child: Child,
    // Held: a closed pipe would be an error for a sandbox that still prints.
    _stdout: BufReader<ChildStdout>,
    /// The variables it printed.
    pub variables: Vec<(String, String)>,
    /// `http://127.0.0.1:PORT`
    pub endpoint: String,
    /// What requests are signed with, and what its control asks for.
    pub secret: String,
}

impl Sandbox {
    /// Starts one that keeps everything in `dir`, with further flags.
    pub fn start(dir: &Path, flags: &[&str]) -> Self {
        let mut command = layership(dir.parent().expect("a folder above"));
        command.arg("sandbox").arg("--dir").arg(dir).args(flags);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the sandbox starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut variables = Vec::new();
        while variables.len() < 5 {
            let mut line = String::new();
            if stdout.read_line(&mut line).expect("a line") == 0 {
                let mut said = String::new();
                child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said));
                panic!("the sandbox ended: {said}");
            }
            let (name, value) = line.trim().trim_start_matches("export ").split_once('=').expect("NAME=VALUE");
            variables.push((name.to_owned(), value.to_owned()));
        }
        let variable = |name: &str| variables.iter().find(|(other, _)| other == name).expect(name).1.clone();
        let (endpoint, secret) = (variable("AWS_ENDPOINT_URL"), variable("AWS_SECRET_ACCESS_KEY"));
        Self { child, _stdout: stdout, variables, endpoint, secret }
    }

    /// The binary, pointed at this sandbox the way any tool is.
    pub fn layership(&self, folder: impl AsRef<Path>) -> Command {
        let mut command = layership(folder);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Kills it as hard as a machine can.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A call to the sandbox's control, such as `GET /_sandbox/requests`; returns the body.
pub fn control(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> String {
    String::from_utf8(http(sandbox, method, path, body)).expect("UTF-8")
}

/// What the sandbox's control answers to a GET.
pub fn get(sandbox: &Sandbox, path: &str) -> Vec<u8> {
    http(sandbox, "GET", path, "")
}

/// Plain HTTP by hand: no client library is among the dependencies.
fn http(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Vec<u8> {
    use std::io::Write as _;
    let host = sandbox.endpoint.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).expect("the sandbox listens");
    // HTTP/1.0: the body ends with the connection, in no chunks.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nX-Sandbox-Secret: {}\r\nContent-Length: {}\r\n\r\n{body}",
        sandbox.secret,
        body.len()
    )
    .expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head and a body");
    let status = String::from_utf8_lossy(&answer[..end]).split(' ').nth(1).unwrap_or_default().to_owned();
    assert!(status.starts_with('2'), "{method} {path}: {}", String::from_utf8_lossy(&answer));
    answer.split_off(end + 4)
}

/// `requirements.txt` with one pinned package.
pub fn requirements(package: &str, version: &str) -> String {
    format!("{package}=={version}\n")
}

/// A layers file with `count` layers `layer-000` …, their manifests and archive folders, below `folder`.
pub fn many_layers(folder: &Path, count: usize, settings: &str) {
    let mut text =
        format!("{settings}\n[defaults]\nbucket = \"many-artifacts\"\ncompatible-runtimes = [\"python3.12\"]\n");
    for number in 0..count {
        let key = format!("layer-{number:03}");
        text.push_str(&format!("[layers.{key}]\nmanifest = \"{key}/requirements.txt\"\narchive = \"{key}/layer\"\n"));
        write(folder, &format!("{key}/requirements.txt"), requirements(&key, "1.0.0"));
        write(folder, &format!("{key}/layer/python/{key}.py"), format!("NUMBER = {number}\n"));
    }
    write(folder, "layers.toml", text);
}
