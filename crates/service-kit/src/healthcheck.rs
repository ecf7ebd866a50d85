//! `healthcheck [--url URL]`: for images without a shell. Exit code 0 on a 2xx within 2 s, else 1.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, Command};
use http::{Request, Uri, header};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;

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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async { tokio::time::timeout(TIMEOUT, request(url)).await });
    // A name that is still being looked up must not hold up the end of the process.
    runtime.shutdown_background();
    result.map_err(|_| format!("no answer within {} s", TIMEOUT.as_secs()))?
}

async fn request(url: &str) -> Result<(), Failure> {
    let url: Uri = url.parse()?;
    if url.scheme_str() != Some("http") {
        return Err("only http:// URLs are supported".into());
    }
    let host = url.host().ok_or("the URL has no host")?;
    let port = url.port_u16().unwrap_or(80);
    let stream = tokio::net::TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let authority = url.authority().ok_or("the URL has no host")?.as_str().to_owned();
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(header::HOST, authority).body(Empty::<bytes::Bytes>::new())?;
    let status = sender.send_request(request).await?.status();
    if status.is_success() { Ok(()) } else { Err(status.to_string().into()) }
}
