//! The fleet as `cargo run` starts it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{Otelcol, binary, within};
use rustix::process::{Pid, Signal, kill_process};

/// Every service, with the path that the table proposes.
const SERVICES: &[&str] = &["hello", "product-api", "storefront", "main-api", "auxiliary-service"];

/// Ends the fleet when a test fails.
struct Fleet(Child);

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that is free, and whose management port is too.
fn free_port() -> u16 {
    within(Duration::from_secs(5), "two free ports", || {
        let port = 20_000 + fastrand::u16(..20_000);
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        (free(port) && free(port + 10_000)).then_some(port)
    })
}

fn flotilla(ports: &[String]) -> Command {
    let mut command = Command::new(binary("flotilla"));
    command.env_clear().stdout(Stdio::piped());
    for port in ports {
        command.args(["--port", port]);
    }
    command
}

fn free_ports() -> Vec<String> {
    SERVICES.iter().map(|name| format!("{name}={}", free_port())).collect()
}

/// What it prints when it has started, in lines.
fn table(fleet: &mut Fleet) -> Vec<String> {
    let lines = BufReader::new(fleet.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn every_line_of_the_table_answers_and_ctrl_c_ends_it_within_a_second() {
    let mut fleet = Fleet(flotilla(&free_ports()).spawn().unwrap());
    let table = table(&mut fleet);
    assert_eq!(table.len(), 1 + SERVICES.len(), "{table:?}");
    for (row, name) in table[1..].iter().zip(SERVICES) {
        let columns: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(columns[0], *name);
        let example = row.split('\'').nth(1).unwrap();
        let (health, root) = (format!("{}/healthz", columns[1]), format!("{}/", columns[1]));
        for url in [&health, &root, columns[2], example] {
            let answer = e2e::send(http::Request::get(url).body(Vec::new()).unwrap())
                .unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!(answer.status, 200, "{url}");
        }
    }
    let told = Instant::now();
    kill_process(Pid::from_child(&fleet.0), Signal::INT).unwrap();
    let status = within(Duration::from_secs(3), "the fleet ends", || fleet.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    println!("ended after {:?}", told.elapsed());
}

#[test]
fn its_services_report_traces_where_the_variables_of_the_process_say() {
    let Some(collector) = Otelcol::start() else { return };
    let mut command = flotilla(&free_ports());
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()).env("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut fleet = Fleet(command.env("OTEL_SERVICE_NAME", "all-alike").spawn().unwrap());
    let table = table(&mut fleet);
    let storefront = table.iter().find(|row| row.starts_with("storefront")).unwrap();
    let example = storefront.split('\'').nth(1).unwrap();
    assert_eq!(e2e::send(http::Request::get(example).body(Vec::new()).unwrap()).unwrap().status, 200);
    collector.wait("both services have reported", |spans| {
        let reported = |name| spans.iter().any(|span| span.service() == name);
        (reported("storefront") && reported("product-api")).then_some(())
    });
}

#[test]
fn a_port_that_is_taken_is_one_line_with_the_flag_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().min(55_535);
    let holder = TcpListener::bind(("127.0.0.1", port));
    let output = flotilla(&[format!("hello={port}")]).stderr(Stdio::piped()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("--port hello=") && message.contains(&port.to_string()), "{message}");
    drop(holder);
}

#[test]
fn a_service_that_does_not_exist_is_one_line() {
    let output = flotilla(&["nobody=9000".to_owned()]).stderr(Stdio::piped()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("nobody") && message.contains("hello"), "{message}");
}
