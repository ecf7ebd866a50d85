//! Every call is recorded, whichever way it ends.

use std::io::Write;
use std::net::TcpStream;

use e2e::{Aws, Fault, Faulty, eventually};

use crate::{calls, start};

#[test]
fn the_count_is_that_of_successes_and_failures_together() {
    let Some(aws) = Aws::ministack() else { return };
    let relay = Faulty::start(Fault::Relay(aws.address));
    let service = start(&format!("http://{}", relay.address), &[]);
    let (successes, failures) = (20, 7);
    for _ in 0..successes {
        assert_eq!(service.get("/parameter/list").status, 200);
    }
    relay.set(Fault::answer(403, "x-amzn-errortype: AccessDeniedException\r\n", "{}"));
    for _ in 0..failures {
        assert_eq!(service.get("/parameter/list").status, 502);
    }
    let count = service.metric("aws_request_duration_seconds_count", &[("operation", "GetParameter")]);
    assert_eq!(count, f64::from(successes + failures));
    assert_eq!(calls(&service, "GetParameter", "ok"), f64::from(successes));
    assert_eq!(calls(&service, "GetParameter", "denied"), f64::from(failures));
    assert!(service.metric("aws_request_duration_seconds_sum", &[]) > 0.0);
}

#[test]
fn a_retry_that_succeeds_is_one_call_and_two_attempts() {
    let Some(aws) = Aws::ministack() else { return };
    let relay = Faulty::start(Fault::Relay(aws.address));
    relay.once(Fault::answer(500, "", "{}"));
    let service = start(&format!("http://{}", relay.address), &[]);
    assert_eq!(service.get("/parameter/list").status, 200);
    let attempts = service.metric("aws_request_attempts_total", &[("operation", "GetParameter")]);
    assert_eq!((calls(&service, "GetParameter", "ok"), attempts, relay.requests().len()), (1.0, 2.0, 2));
}

#[test]
fn a_client_that_goes_away_leaves_a_cancelled_call() {
    let aws = Faulty::start(Fault::hang());
    let service = start(&format!("http://{}", aws.address), &[]);
    let mut client = TcpStream::connect(service.public).unwrap();
    client.write_all(b"GET /parameters HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    eventually("AWS is asked", || !aws.requests().is_empty());
    drop(client);
    eventually("the call is recorded", || calls(&service, "DescribeParameters", "cancelled") == 1.0);
    assert_eq!(service.metric("http_requests_total", &[("status", "499")]), 1.0);
}

#[test]
fn every_series_exists_from_the_start() {
    let service = start("http://127.0.0.1:1", &[]);
    let series = |name: &str| service.metrics().iter().filter(|series| series.name == name).count();
    assert_eq!((series("aws_requests_total"), series("aws_request_attempts_total")), (21, 3));
}
