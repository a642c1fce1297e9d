//! The Bookshop, served and asked by Schemathesis, which is not ours: requests that keep to the document and requests that
//! do not, hundreds for each operation, and chains of them.

use super::bookshop::{Shop, empty};
use crate::process;
use crate::report::Outcome;
use crate::tools::python;
use crate::workspace::Workspace;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
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
    let folder = workspace.target.join("schemathesis");
    empty(&folder)?;
    fs::write(folder.join("bookshop.toml"), BOOKSHOP).map_err(|error| format!("bookshop.toml: {error}"))?;
    let shop = Shop::start(workspace, &folder)?;
    let token = token(&shop.address)?;
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

/// An access token of the configured client.
fn token(address: &str) -> Result<String, String> {
    let form = "grant_type=client_credentials&client_id=schemathesis\
                &client_secret=not+a+secret%2C+for+a+shop+that+lives+for+minutes";
    let answer = TcpStream::connect(address).and_then(|mut stream| {
        write!(
            stream,
            "POST /oauth/token HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            address,
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
