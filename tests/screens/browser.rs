//! A browser without a window, driven by its own protocol over two pipes: what a page looks like and does, as it does so for
//! people. It can reach nothing, and whatever it asks for is known.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Far longer than anything takes that is waited for, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

/// Hands the two pipes over under the numbers at which Chromium looks for them.
const PIPES: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

const FLAGS: [&str; 10] = [
    "--headless",
    "--remote-debugging-pipe",
    // Root has no sandbox there. Its pages are ours.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    // No name can be resolved: nothing leaves the machine.
    "--host-resolver-rules=MAP * ~NOTFOUND",
];

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    /// Whatever happened and was not an answer.
    happened: Vec<Value>,
    sent: u64,
    session: Option<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it, with an empty page.
    pub fn start() -> Self {
        let chromium = crate::needed(&["chromium", "chromium-browser", "google-chrome"]);
        let profile = crate::common::folder();
        let mut command = Command::new("sh");
        command.args(["-c", PIPES, "sh"]).arg(chromium).args(FLAGS);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        command.env("HOME", profile.path()).env("TZ", "UTC").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().expect("a shell");
        let (to, out) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let (send, from) = channel();
        std::thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut message = Vec::new();
            while out.read_until(0, &mut message).is_ok_and(|bytes| bytes > 0) {
                message.pop();
                let value = serde_json::from_slice(&message).expect("JSON from the browser");
                if send.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser = Self { child, to, from, happened: Vec::new(), sent: 0, session: None, _profile: profile };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.ask("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().expect("a session").to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    fn next(&self) -> Value {
        self.from.recv_timeout(PATIENCE).expect("the browser is gone, or hangs")
    }

    /// Asks for something, and returns the answer.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser reads");
        loop {
            let answer = self.next();
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.happened.push(answer);
        }
    }

    /// A window of this size; a phone has a touch screen and shows the page as wide as it is.
    pub fn resize(&mut self, width: u32, height: u32, phone: bool) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": if phone { 2 } else { 1 }, "mobile": phone});
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// `light` or `dark`, as people set their system.
    pub fn prefer(&mut self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.ask("Emulation.setEmulatedMedia", json!({"features": [feature]}));
    }

    /// Turns the scripts of pages off, or on again.
    pub fn scripts(&mut self, on: bool) {
        self.ask("Emulation.setScriptExecutionDisabled", json!({"value": !on}));
    }

    /// Opens a file, and waits until it is there.
    pub fn open(&mut self, path: &Path) {
        self.happened.clear();
        let opened = self.ask("Page.navigate", json!({"url": format!("file://{}", path.display())}));
        assert!(opened.get("errorText").is_none(), "{opened}");
        while !self.happened.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next();
            self.happened.push(event);
        }
    }

    /// What an expression is in the page.
    #[track_caller]
    pub fn is(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer:#}");
        answer["result"]["value"].clone()
    }

    /// Clicks in the middle of the first element that this selects, as a mouse does: what lies above it gets the click.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let place = format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{block: 'center'}}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        );
        let place = self.is(&place);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", event);
        }
    }

    /// Types a text where the cursor is.
    pub fn write(&mut self, text: &str) {
        self.ask("Input.insertText", json!({"text": text}));
    }

    /// Presses a key, such as `Enter` or `Tab`.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => panic!("which key is {other}?"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.ask("Input.dispatchKeyEvent", event);
        }
    }

    /// A picture of the window, as PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let shot = self.ask("Page.captureScreenshot", json!({"format": "png"}));
        base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64")
    }

    /// Every address that was asked for since the page was opened.
    pub fn asked_for(&mut self) -> Vec<String> {
        // An answer comes after all that happened before it.
        self.is("0");
        let requests = self.happened.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        requests.map(|event| event["params"]["request"]["url"].as_str().expect("an address").to_owned()).collect()
    }

    /// What the browser complained of since the page was opened: exceptions, refusals by the page's own policy.
    pub fn complaints(&mut self) -> Vec<String> {
        self.is("0");
        let bad = ["Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"];
        let said = self.happened.iter().filter(|event| bad.iter().any(|method| event["method"] == *method));
        said.map(ToString::to_string).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
