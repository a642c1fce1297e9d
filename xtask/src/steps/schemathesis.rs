//! The Bookshop, served and asked by Schemathesis, which is not ours: requests that keep to the document and requests that
//! do not, hundreds for each operation, and chains of them.

use crate::process;
use crate::report::Outcome;
use crate::tools::python;
use crate::workspace::{BUILD_LIMIT, Workspace};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What it may expect, beside its own rules; the file says why.
const CONFIGURATION: &str = "xtask/tools/schemathesis.toml";

/// The configuration of the shop: a client that may everything, with a token that outlives the run.
const BOOKSHOP: &str = r#"
[token_lives]
access = 7200

[[clients]]
id = "schemathesis"
secret = "not a secret, for a shop that lives for minutes"
grants = ["client_credentials"]
scopes = ["books:write", "orders:read", "orders:write", "audit:read", "users:admin"]
"#;

/// How long it looks for faults, in seconds.
const SHORT: u64 = 75;
const FULL: u64 = 600;

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    let programs = match python::environment(workspace, "schemathesis") {
        Ok(programs) => programs,
        Err(why) => return Ok(Outcome::Skipped(format!("schemathesis could not be had ({why})"))),
    };
    process::run(&mut workspace.cargo(&["build", "--package", "bookshop"]), BUILD_LIMIT)?;
    let folder = workspace.target.join("schemathesis");
    empty(&folder)?;
    fs::write(folder.join("bookshop.toml"), BOOKSHOP).map_err(|error| format!("bookshop.toml: {error}"))?;
    let shop = Shop::start(workspace, &folder)?;
    let token = shop.token()?;
    let seconds = if workspace.full { FULL } else { SHORT };
    let mut command = Command::new(programs.join("schemathesis"));
    command.current_dir(&folder).arg("--config-file").arg(workspace.root.join(CONFIGURATION));
    command.arg("run").arg(format!("http://{}/openapi.json", shop.address));
    command.args(["--checks=all", "--mode=all", "--continue-on-failure", "--no-color", "--request-timeout=20"]);
    command.args([format!("--max-time={seconds}"), "--seed=1".into()]);
    // By one that may everything, as most of what there is to find lies behind the question who calls.
    command.arg(format!("--header=Authorization: Bearer {token}"));
    // An endless answer cannot be read to its end.
    command.arg("--exclude-path=/api/events");
    process::run(&mut command, Duration::from_secs(seconds + 120))?;
    Ok(Outcome::noted(format!("{seconds} s, no fault")))
}

fn empty(folder: &Path) -> Result<(), String> {
    let told = |error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(told)?;
    }
    fs::create_dir_all(folder).map_err(told)
}

/// The running Bookshop; it ends with this value.
struct Shop {
    child: Child,
    address: String,
}

impl Shop {
    fn start(workspace: &Workspace, folder: &Path) -> Result<Self, String> {
        let program = workspace.target.join("debug/bookshop").with_extension(std::env::consts::EXE_EXTENSION);
        let mut command = Command::new(&program);
        command.current_dir(folder).args([
            "--bind=127.0.0.1:0",
            "--database-url=sqlite:bookshop.db",
            "--config=bookshop.toml",
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut log = BufReader::new(child.stderr.take().ok_or("the bookshop has no standard error")?);
        let address = address(&mut log);
        // Read on, or the program would wait for room in the pipe.
        let file = fs::File::create(folder.join("bookshop.log"));
        std::thread::spawn(move || file.and_then(|mut file| std::io::copy(&mut log, &mut file)));
        let shop = Shop { child, address: address.clone().unwrap_or_default() };
        address.map(|_| shop).ok_or_else(|| "the bookshop did not start to serve".to_owned())
    }

    /// An access token of the configured client.
    fn token(&self) -> Result<String, String> {
        let form = "grant_type=client_credentials&client_id=schemathesis\
                    &client_secret=not+a+secret%2C+for+a+shop+that+lives+for+minutes";
        let answer = TcpStream::connect(&self.address).and_then(|mut stream| {
            write!(
                stream,
                "POST /oauth/token HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
                self.address,
                form.len()
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        });
        let answer = answer.map_err(|error| format!("the bookshop gave no token: {error}"))?;
        let token = answer.split_once("\"access_token\":\"").and_then(|(_, rest)| rest.split('"').next());
        token.map(str::to_owned).ok_or_else(|| format!("the bookshop gave no token: {answer}"))
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the line that says what is served.
fn address(log: &mut impl BufRead) -> Option<String> {
    let mut lines = log.lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("serving http://")))?;
    let (_, rest) = line.split_once("serving http://")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod start {
    use super::address;

    #[test]
    fn the_address_is_read_from_the_log() {
        let log = "INFO a migration was applied\nINFO serving http://127.0.0.1:4711 address=…\nINFO more\n";
        assert_eq!(address(&mut log.as_bytes()), Some("127.0.0.1:4711".to_owned()));
        assert_eq!(address(&mut "it ended\n".as_bytes()), None);
    }
}
