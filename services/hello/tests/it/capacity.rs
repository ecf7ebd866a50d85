//! More clients than there is room for: the memory of the chart is enough, and probes are answered.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use e2e::{Service, eventually};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::hello;

/// The limit of memory in charts/hello/values.yaml.
const CHART_LIMIT: u64 = 64 << 20;

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Whether a request over it is answered 200.
fn is_served(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4096];
    let sent = stream.write_all(b"GET /success HTTP/1.1\r\nhost: a\r\n\r\n");
    sent.is_ok() && stream.read(&mut answer).is_ok() && answer.starts_with(b"HTTP/1.1 200 ")
}

fn shed(service: &Service) -> f64 {
    service.metric("http_connections_shed_total", &[])
}

#[test]
fn three_thousand_idle_clients_do_not_pass_the_memory_limit_of_the_chart() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
    let hello = hello(&[]);
    let mut clients: Vec<_> = (0..3000).map(|_| connect(hello.public)).collect();
    let served = clients.iter_mut().filter_map(|stream| is_served(stream).then_some(())).count();
    assert!(served >= 1000, "{served}");
    assert!(hello.resident_bytes() < CHART_LIMIT / 2, "{}", hello.resident_bytes());
    assert!(shed(&hello) >= 1900.0, "{}", shed(&hello));
    assert_eq!(hello.manage("GET", "/readyz", &[], "").status, 200);
    eventually("a new client has the place of an idle one", || is_served(&mut connect(hello.public)));
}

#[test]
fn without_file_descriptors_probes_and_scrapes_are_answered_and_it_recovers() {
    let script = std::env::temp_dir().join(format!("flotilla-few-files-{}", std::process::id()));
    let text = format!("#!/bin/sh\nulimit -n 120\nexec {}\n", env!("CARGO_BIN_EXE_hello"));
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let hello = Service::start(&script, &[]);
    std::fs::remove_file(&script).unwrap();
    let mut clients: Vec<_> = (0..160).map(|_| connect(hello.public)).collect();
    assert!(clients.iter_mut().filter_map(|stream| is_served(stream).then_some(())).count() >= 40);
    // Each over a connection of its own, as a probe's is.
    for path in ["/healthz", "/readyz", "/metrics"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = e2e::raw(hello.management, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
    assert!(shed(&hello) >= 100.0, "{}", shed(&hello));
    assert!(!hello.log().iter().any(|line| line.contains("cannot accept")), "{:?}", hello.log());
    drop(clients);
    eventually("it serves again", || is_served(&mut connect(hello.public)));
}
