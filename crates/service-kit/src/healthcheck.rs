//! `healthcheck [--url URL]`: for images without a shell. Exit code 0 on a 2xx within 2 s, else 1.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::{Arg, Command};
use http::{StatusCode, Uri};

use crate::config::Variables;
use crate::info::MANAGEMENT_PORT;

/// How long an answer may take; the same as the usual timeout of a probe.
const TIMEOUT: Duration = Duration::from_secs(2);

type Failure = Box<dyn std::error::Error>;

/// Runs the command. `arguments` are those behind `healthcheck`.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>, variables: &Variables) -> ExitCode {
    let url = Arg::new("url")
        .long("url")
        .value_name("URL")
        .help("What to ask [default: /healthz on MANAGEMENT_ADDR]");
    let command =
        Command::new("healthcheck").about("Exit code 0 when a URL answers 2xx within 2 s, else 1").arg(url);
    let matches = match command.try_get_matches_from(std::iter::once("healthcheck".into()).chain(arguments)) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let url = matches.get_one::<String>("url").cloned().unwrap_or_else(|| default_url(variables));
    match check(&url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{url}: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn default_url(variables: &Variables) -> String {
    let address =
        variables.get(&OsString::from("MANAGEMENT_ADDR")).and_then(|value| value.to_str()?.parse().ok());
    let address: SocketAddr = address.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, MANAGEMENT_PORT)));
    let loopback = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}/healthz", SocketAddr::new(loopback, address.port()))
}

fn check(url: &str) -> Result<(), Failure> {
    let (answer, answered) = mpsc::channel();
    let url = url.to_owned();
    // In a thread that nobody waits for: a look-up of a name knows no time limit.
    thread::spawn(move || answer.send(request(&url).map_err(|reason| reason.to_string())));
    let result = answered.recv_timeout(TIMEOUT);
    Ok(result.map_err(|_| format!("no answer within {} s", TIMEOUT.as_secs()))??)
}

/// Asks with the standard library alone: a client and a runtime would be 2 % of the binary, for one line of an answer.
fn request(url: &str) -> Result<(), Failure> {
    let url: Uri = url.parse()?;
    if url.scheme_str() != Some("http") {
        return Err("only http:// URLs are supported".into());
    }
    let authority = url.authority().ok_or("the URL has no host")?;
    let host = authority.host().trim_matches(['[', ']']);
    let mut stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80)))?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut head)?;
    let status =
        head.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..)).ok_or("the answer is not HTTP")?;
    let status = StatusCode::from_bytes(status)?;
    if status.is_success() { Ok(()) } else { Err(status.to_string().into()) }
}
