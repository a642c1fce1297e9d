//! `cargo xtask bench`: our server beside its peers, the database adapter beside its peers, and the micro-benchmarks.
//!
//! Everything runs on one machine against one private PostgreSQL, in interleaved rounds, and the medians count. Absolute times
//! vary with the machine; what a target is held against are ratios in one run.

mod build;
mod chart;
mod check;
mod contender;
mod load;
mod machine;
mod micro;
mod own_server;
mod postgres;
mod server;
mod table;

use std::fs;
use std::path::Path;

use clap::{Args, ValueEnum};

use crate::process;
use crate::tools::{debian, python};
use crate::workspace::Workspace;
use build::Built;
use contender::{CONTENDERS, Contender, ENDPOINTS, Endpoint};
use load::Measured;
use own_server::OwnServer;
use server::Server;

/// What to measure, and how thoroughly.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What is measured.
    #[arg(value_enum, default_value_t = Kind::Http)]
    kind: Kind,
    /// Fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
    /// These peers only, beside Covet.
    #[arg(long, value_name = "PEER", num_args = 1.., value_delimiter = ',')]
    peers: Vec<String>,
    /// Writes the results although peers or endpoints are left out.
    #[arg(long)]
    write: bool,
    /// These endpoints only, by their paths.
    #[arg(long, value_name = "PATH", num_args = 1.., value_delimiter = ',')]
    endpoint: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Servers under load, with bench/RESULTS.md as the result.
    Http,
    /// The PostgreSQL adapter: bench/db.
    Db,
    /// The MySQL adapter, on MariaDB: bench/mysql.
    Mysql,
    /// Parts beside the libraries for each: bench/micro, bench/templates, bench/jose, and the packages' own benchmarks.
    Micro,
}

/// A contender that is built, running, and measured.
pub(crate) struct Entry {
    pub(crate) contender: &'static Contender,
    pub(crate) built: Built,
    server: Server,
    pub(crate) measured: Vec<(&'static Endpoint, Vec<Measured>)>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    match options.kind {
        Kind::Http => http(workspace, options),
        Kind::Db => {
            let postgres = postgres::Postgres::start(workspace)?;
            adapter(workspace, options, "db", &postgres.url())
        }
        Kind::Mysql => {
            let program = debian::install("/usr/sbin/mariadbd", &["mariadb-server"])?;
            let mariadb = OwnServer::start(workspace, "mysql", &program)?;
            adapter(workspace, options, "mysql", &format!("mysql://root@127.0.0.1:{}/mysql", mariadb.port))
        }
        Kind::Micro => micro::run(workspace, options.quick),
    }
}

fn http(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    let endpoints = chosen(ENDPOINTS, &options.endpoint, |endpoint| endpoint.path)?;
    let peers = chosen(CONTENDERS, &options.peers, |contender| contender.name)?;
    let contenders: Vec<_> = CONTENDERS
        .iter()
        .filter(|contender| contender.is_ours() || peers.iter().any(|peer| peer.name == contender.name))
        .collect();
    if !process::succeeds("wrk", &["-v"]) && !Path::new("/usr/bin/wrk").exists() {
        return Err("the bench needs `wrk`: apt-get install wrk".into());
    }
    let mut built = Vec::new();
    for contender in &contenders {
        println!("building {}", contender.name);
        built.push(build::build(workspace, contender)?);
    }
    let postgres = postgres::Postgres::start(workspace)?;
    postgres.run(&workspace.root.join("bench/schema.sql"))?;
    let mut entries = Vec::new();
    for (contender, built) in contenders.into_iter().zip(built) {
        let server = Server::start(workspace, contender, &built, &postgres.url())?;
        entries.push(Entry { contender, built, server, measured: Vec::new() });
    }
    for endpoint in endpoints {
        measure(workspace, options, &mut entries, endpoint)?;
    }
    let ended: Vec<_> =
        entries.into_iter().map(|entry| (entry.contender, entry.built, entry.server.end(), entry.measured)).collect();
    let results = table::Results::new(workspace, ended, &postgres.version()?);
    let text = results.markdown();
    println!("{text}");
    // A part of the whole is not what the README shows, unless that is wanted.
    if options.write || (options.peers.is_empty() && options.endpoint.is_empty()) {
        let write = |name: &str, text: String| {
            fs::write(workspace.root.join("bench").join(name), text).map_err(|error| format!("bench/{name}: {error}"))
        };
        write("RESULTS.md", text)?;
        write("chart.svg", chart::svg(&results))?;
    }
    Ok(results.hold())
}

/// Checks the answers of all, then runs interleaved rounds; the first warms up.
fn measure(
    workspace: &Workspace,
    options: &Options,
    entries: &mut [Entry],
    endpoint: &'static Endpoint,
) -> Result<(), String> {
    let (rounds, seconds) = if options.quick { (5, 1) } else { (5, 4) };
    for entry in entries.iter_mut().filter(|entry| entry.contender.has(endpoint)) {
        check::answer(workspace, entry.server.port(), endpoint)
            .map_err(|fault| format!("{} {}: {fault}", entry.contender.name, endpoint.path))?;
        entry.measured.push((endpoint, Vec::new()));
    }
    for round in 0..=rounds {
        for entry in entries.iter_mut().filter(|entry| entry.contender.has(endpoint)) {
            let before = entry.server.cpu();
            let seconds = if round == 0 { 1 } else { seconds };
            let mut measured = load::run(workspace, entry.server.port(), endpoint, seconds)
                .map_err(|fault| format!("{} {}: {fault}", entry.contender.name, endpoint.path))?;
            measured.cpu = (entry.server.cpu() - before).as_secs_f64() * 1e6 / measured.requests;
            if round == 0 {
                continue;
            }
            println!(
                "{:>15} {:<14} {:>8.0} req/s {:>7.1} µs",
                entry.contender.name, endpoint.path, measured.rate, measured.cpu
            );
            if let Some((_, rounds)) = entry.measured.last_mut() {
                rounds.push(measured);
            }
        }
    }
    Ok(())
}

/// An adapter beside its peers, on a server of the bench's own.
fn adapter(workspace: &Workspace, options: &Options, name: &str, url: &str) -> Result<bool, String> {
    let mut command = workspace.cargo(&["run", "--release", "--manifest-path"]);
    command.arg(format!("bench/{name}/Cargo.toml")).arg("--");
    command.env("CARGO_TARGET_DIR", workspace.target.join("bench").join(name)).env("DATABASE_URL", url);
    if options.quick {
        command.arg("--quick");
    }
    Ok(process::run(&mut command, std::time::Duration::from_secs(60 * 60)).map(|()| true)?)
}

/// Those of a list that were named, all where none was.
fn chosen<'a, T>(all: &'a [T], names: &[String], name: impl Fn(&T) -> &'static str) -> Result<Vec<&'a T>, String> {
    if let Some(unknown) = names.iter().find(|wanted| all.iter().all(|one| name(one) != wanted.as_str())) {
        let known: Vec<_> = all.iter().map(&name).collect();
        return Err(format!("`{unknown}` is not known; known are {}", known.join(", ")));
    }
    Ok(all.iter().filter(|one| names.is_empty() || names.iter().any(|wanted| wanted == name(one))).collect())
}

/// The environment of the peer in Python.
pub(crate) fn python(workspace: &Workspace) -> Result<std::path::PathBuf, String> {
    python::environment(workspace, "bench")
}
