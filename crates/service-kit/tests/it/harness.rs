//! A service of test routes, in this process, on free ports.

use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::{get, post};
use e2e::{Answer, Series, within};
use http::{Method, Request, StatusCode};
use serde_json::Value;
use service_kit::config::{Parsed, Variables, parse};
use service_kit::extract::Json;
use service_kit::{Info, Kit, Routes, Server, Stop};
use tokio::sync::watch;

static INFO: Info = Info { name: "test", version: "1.2.3", port: 0 };

#[derive(Debug, clap::Args)]
struct NoConfig {}

/// Serves until dropped.
pub(crate) struct TestService {
    pub(crate) public: SocketAddr,
    pub(crate) management: SocketAddr,
    stop: watch::Sender<Stop>,
    runtime: Option<tokio::runtime::Runtime>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl TestService {
    /// Starts it with these flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopped) = watch::channel(Stop::Run);
        let (public, management, task) = runtime.block_on(async {
            let ports = ["--http-addr=127.0.0.1:0", "--management-addr=127.0.0.1:0", "--drain-delay-sec=0"];
            let flags = ports.iter().chain(flags).map(|flag| flag.to_string().into());
            let Ok(Parsed::Run(config, NoConfig {})) = parse(&INFO, flags, &Variables::default()) else {
                panic!("the flags are valid")
            };
            let server = Server::bind(Kit::new(&INFO, *config), routes()).await.unwrap();
            let addresses = (server.public_address(), server.management_address());
            (addresses.0, addresses.1, tokio::spawn(server.run(stopped)))
        });
        Self { public, management, stop, runtime: Some(runtime), task: Some(task) }
    }

    /// Has it finish what is in flight, and waits for its end.
    pub(crate) fn finish(&mut self) {
        self.stop.send_replace(Stop::Finish);
        self.runtime.as_ref().unwrap().block_on(self.task.take().unwrap()).unwrap();
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        send(self.public, method, path, &[], body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    pub(crate) fn manage(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(self.management, method, path, headers, body)
    }

    pub(crate) fn metrics(&self) -> Vec<Series> {
        Series::parse(&self.manage("GET", "/metrics", &[], "").body)
    }

    pub(crate) fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.metrics().iter().filter(|series| series.is(name, labels)).map(|series| series.value).sum()
    }

    /// Waits until the requests counted with these labels are this many.
    pub(crate) fn expect_requests(&self, labels: &[(&str, &str)], count: f64) {
        within(Duration::from_secs(10), &format!("{count} requests of {labels:?}"), || {
            (self.metric("http_request_duration_seconds_count", labels) == count).then_some(())
        });
        assert_eq!(self.metric("http_requests_total", labels), count);
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        self.stop.send_replace(Stop::Abort);
        self.runtime.take().unwrap().shutdown_timeout(Duration::from_secs(5));
    }
}

fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    e2e::send(request.body(body.as_bytes().to_vec()).unwrap()).unwrap()
}

fn routes() -> Routes {
    let ok = [(Method::GET, StatusCode::OK)];
    Routes::new()
        .route("/ok", get(async || "fine"), &ok)
        .route("/openapi.json", get(async || "{}"), &ok)
        .route("/item/{id}", get(async || "one"), &ok)
        .route("/panic", get(panic), &ok)
        .route("/large", get(async || "x".repeat(32 << 20)), &ok)
        .route("/hang", get(std::future::pending::<()>), &ok)
        .route("/echo", post(async |body: String| body), &[(Method::POST, StatusCode::OK)])
        .route("/json", post(json), &[(Method::POST, StatusCode::OK)])
}

async fn json(Json(value): Json<Value>) -> String {
    value.to_string()
}

async fn panic() {
    panic!("on purpose")
}
