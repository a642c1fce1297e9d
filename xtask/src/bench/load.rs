//! Load by `wrk`, and what it says.

use super::contender::Endpoint;
use crate::process;
use crate::workspace::Workspace;
use std::process::Command;
use std::time::Duration;

/// One round of a contender at an endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    pub(crate) requests: f64,
    pub(crate) rate: f64,
    /// Microseconds of the server's processor time per request.
    pub(crate) cpu: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// How many connections ask at a time.
pub(crate) const CONNECTIONS: u32 = 64;

pub(super) fn run(workspace: &Workspace, port: u16, endpoint: &Endpoint, seconds: u32) -> Result<Measured, String> {
    let mut command = Command::new("wrk");
    command.args(["--latency", "--threads", "2", "--timeout", "10"]);
    command.arg(format!("-c{CONNECTIONS}")).arg(format!("-d{seconds}s"));
    match endpoint.path {
        "/items" => drop(command.arg("-s").arg(workspace.root.join("bench/items.lua"))),
        "/me" => drop(command.arg("-H").arg(format!("Authorization: Bearer {}", super::check::token(workspace)?))),
        _ => {}
    }
    command.arg(format!("http://127.0.0.1:{port}{}", endpoint.path));
    let text = process::output(&mut command, Duration::from_secs(u64::from(seconds) + 30))?;
    read(&String::from_utf8_lossy(&text))
}

fn read(text: &str) -> Result<Measured, String> {
    let line = |start: &str| text.lines().map(str::trim).find_map(|line| line.strip_prefix(start)).map(str::trim);
    if let Some(fault) = line("Non-2xx or 3xx responses:").or_else(|| line("Socket errors:")) {
        return Err(format!("not every answer was right: {fault}"));
    }
    let number = |start: &str| line(start).and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    let latency = |start: &str| line(start).and_then(milliseconds);
    let requests = text.lines().find_map(|line| line.trim().split_once(" requests in")?.0.parse::<f64>().ok());
    let measured = number("Requests/sec:").zip(requests).zip(latency("50%")).zip(latency("99%"));
    let (((rate, requests), p50), p99) = measured.ok_or_else(|| format!("wrk said something else:\n{text}"))?;
    Ok(Measured { requests, rate, cpu: 0.0, p50, p99 })
}

fn milliseconds(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit = text.get(digits.len()..)?;
    let factor = match unit {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        _ => return None,
    };
    digits.parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrk_is_understood() {
        let text = "Running 2s test @ http://127.0.0.1:1/json\n  2 threads and 64 connections\n  Latency Distribution\n\
             \x20    50%  359.00us\n     75%  1.2ms\n     99%    1.52s\n  185040 requests in 2.10s, 25.06MB read\n\
             Requests/sec:  88114.37\nTransfer/sec:     11.93MB\n";
        let measured = read(text).unwrap();
        assert_eq!(
            (measured.requests, measured.rate, measured.p50, measured.p99),
            (185_040.0, 88_114.37, 0.359, 1520.0)
        );
        assert!(read(&format!("{text}  Non-2xx or 3xx responses: 3\n")).is_err());
        assert!(read("unable to connect").is_err());
    }
}
