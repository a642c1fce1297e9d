//! A real browser, driven by the Chrome DevTools Protocol over a pipe.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running browser; it ends with this value.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    last: u64,
    _profile: tempfile::TempDir,
}

/// A window of it, by its session of the protocol.
#[derive(Debug, Clone)]
pub(crate) struct Window(String);

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    /// The browser that `COVET_TEST_CHROMIUM` names; `cargo xtask test` sets it. Without it there is nothing to test with.
    pub(crate) fn start() -> Option<Browser> {
        let Some(program) = std::env::var_os("COVET_TEST_CHROMIUM") else {
            eprintln!("not tested: COVET_TEST_CHROMIUM names no browser");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // The browser reads commands from its descriptor 3 and writes to 4, which only a shell can give it.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 >/dev/null 2>&1"#]).arg(program);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.args(["--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]);
        command.args(["--remote-debugging-pipe", "--window-size=1200,1600"]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let commands = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            while answers.read_until(0, &mut text).is_ok_and(|length| length > 0) {
                text.pop();
                let Ok(message) = serde_json::from_slice(&text) else { return };
                if sender.send(message).is_err() {
                    return;
                }
                text.clear();
            }
        });
        Some(Browser { child, commands, messages, last: 0, _profile: profile })
    }

    /// Has a command carried out, in a window or in the browser as a whole.
    fn call(&mut self, window: Option<&Window>, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(Window(session)) = window {
            message["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {message}"));
            if answer["id"] == self.last {
                assert!(answer.get("error").is_none(), "{message}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The first window, which goes to an address.
    pub(crate) fn open(&mut self, url: &str) -> Window {
        let window = self.window("about:blank");
        self.call(Some(&window), "Page.navigate", json!({ "url": url }));
        window
    }

    /// The window whose address begins like this, as soon as there is one.
    pub(crate) fn window(&mut self, url: &str) -> Window {
        let start = Instant::now();
        loop {
            let targets = self.call(None, "Target.getTargets", json!({}));
            let targets = targets["targetInfos"].as_array().unwrap();
            let is_it =
                |target: &&Value| target["type"] == "page" && target["url"].as_str().unwrap_or("").starts_with(url);
            if let Some(found) = targets.iter().find(is_it) {
                let parameters = json!({ "targetId": found["targetId"], "flatten": true });
                let attached = self.call(None, "Target.attachToTarget", parameters);
                return Window(attached["sessionId"].as_str().unwrap().to_owned());
            }
            assert!(start.elapsed() < PATIENCE, "no window at {url}: {targets:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The value of an expression in a window, as if somebody had clicked; of a promise, when it is there.
    pub(crate) fn run(&mut self, window: &Window, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let answer = self.call(Some(window), "Runtime.evaluate", parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The same as soon as it is something that counts as true.
    pub(crate) fn wait(&mut self, window: &Window, expression: &str) -> Value {
        let start = Instant::now();
        loop {
            let value = self.run(window, expression);
            if !matches!(&value, Value::Null | Value::Bool(false)) && value != "" && value != 0 {
                return value;
            }
            if start.elapsed() > PATIENCE {
                let page = self.run(window, "location.href + '\\n' + document.body.innerText");
                panic!("{expression} did not come: {}", page.as_str().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks on what an expression gives, as soon as it gives something.
    pub(crate) fn click(&mut self, window: &Window, element: &str) {
        self.wait(window, &format!("(element => element ? (element.click(), true) : false)({element})"));
    }
}
