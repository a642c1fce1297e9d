//! The Bookshop as an authorization server and OpenID provider, asked by clients that are not ours: `openid-client` and `jose`
//! from npm, Authlib, requests-oauthlib and PyJWT from PyPI.

use super::bookshop::{Shop, empty};
use crate::process;
use crate::report::Outcome;
use crate::tools::{node, python};
use crate::workspace::Workspace;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Where the clients and the shop's configuration stand.
const FOLDER: &str = "xtask/tools/oauth";

/// How long one of them may take; devices wait for their users.
const LIMIT: Duration = Duration::from_secs(180);

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    let source = workspace.root.join(FOLDER);
    let folder = workspace.target.join("oauth-clients");
    empty(&folder)?;
    copy(&source.join("bookshop.toml"), &folder.join("bookshop.toml"))?;
    let shop = Shop::start(workspace, &folder)?;
    let issuer = format!("http://{}", shop.address);

    let (mut failed, mut lacking) = (Vec::new(), Vec::new());
    for client in [javascript(workspace, &source), python(workspace, &source)] {
        match client.map(|mut command| process::run(command.arg(&issuer), LIMIT)) {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => failed.push(failure.to_string()),
            Err(why) => lacking.push(format!("not tested: clients of OAuth ({why})")),
        }
    }
    if !failed.is_empty() {
        return Err(failed.join("; "));
    }
    Ok(match lacking.len() {
        2 => Outcome::Skipped(lacking.join("; ")),
        _ => Outcome::Passed { note: format!("{} of 2 programs had no complaint", 2 - lacking.len()), lacking },
    })
}

fn javascript(workspace: &Workspace, source: &Path) -> Result<Command, String> {
    let modules = node::modules(workspace)?;
    // Modules are looked for beside the program that imports them.
    let program = modules.parent().unwrap_or(&modules).join("oauth-client.mjs");
    copy(&source.join("client.mjs"), &program)?;
    let mut command = Command::new("node");
    command.arg(program);
    Ok(command)
}

fn python(workspace: &Workspace, source: &Path) -> Result<Command, String> {
    let mut command = Command::new(python::environment(workspace, "oauth")?.join("python"));
    command.arg(source.join("client.py"));
    Ok(command)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(|error| format!("{}: {error}", from.display()))
}
