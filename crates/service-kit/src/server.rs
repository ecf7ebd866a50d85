//! The two listeners of a service, from bound sockets to the last answer.

mod accept;
mod capacity;
mod connection;
mod linger;
mod listen;
mod open;
mod protocols;
mod request_line;
mod socket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use http::HeaderValue;
use prometheus::{IntCounter, IntCounterVec};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::budget::Budget;
use crate::config::Config;
use crate::faults::Files;
use crate::info::MANAGEMENT_PORT;
use crate::kit::Kit;
use crate::lifecycle::{Lifecycle, Phase, Stop};
use crate::metrics::HttpMetrics;
use crate::request_id::RequestIds;
use crate::routes::{RouteTable, Routes};
use crate::stack::{self, Limits};
use crate::standard;
use crate::trace::{self, Exporter, Tracer};
use accept::Acceptor;
use capacity::Capacity;
pub(crate) use connection::{Connection, OpenBody};
pub use listen::BindError;
use open::Open;

/// What the connections of one listener share.
pub(crate) struct Listener {
    pub(crate) service: &'static str,
    /// Whether it is the public one: its requests are logged, and its protocol errors counted.
    pub(crate) public: bool,
    pub(crate) table: Arc<RouteTable>,
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) version: HeaderValue,
    pub(crate) request_ids: RequestIds,
    /// None when its requests are not traced.
    pub(crate) tracer: Option<Arc<Tracer>>,
    request_timeout: Duration,
    idle_timeout: Duration,
    connection_errors: Option<IntCounter>,
    shed: Option<IntCounterVec>,
    /// Whether so many places are taken that a connection keeps no buffers for its next request.
    crowded: AtomicBool,
}

impl Listener {
    /// Counts a connection that was ended or refused for want of a place.
    fn count_shed(&self, reason: &str) {
        if let Some(counter) = &self.shed {
            counter.with_label_values(&[reason]).inc();
        }
    }
}

/// A service whose sockets are bound.
pub struct Server {
    kit: Kit,
    routes: Routes,
    public: TcpListener,
    management: TcpListener,
}

impl Server {
    /// Binds both listeners, as soon as the fault rules let it. Nothing is answered before [`Server::run`].
    pub async fn bind(kit: Kit, routes: Routes) -> Result<Self, BindError> {
        let files = [&kit.config.faults_file, &kit.config.release_faults_file];
        let files = Files::read(kit.faults.clone(), files.into_iter().flatten().cloned()).await;
        kit.spawn(files.watch());
        kit.faults.wait_for_start().await;
        let public = listen::bind("HTTP_ADDR", kit.config.http_addr, kit.info.port)?;
        let management = listen::bind("MANAGEMENT_ADDR", kit.config.management_addr, MANAGEMENT_PORT)?;
        Ok(Self { kit, routes, public, management })
    }

    /// The address of the public listener, with the port that it got.
    pub fn public_address(&self) -> SocketAddr {
        self.public.local_addr().expect("a bound socket has an address")
    }

    /// The address of the management listener, with the port that it got.
    pub fn management_address(&self) -> SocketAddr {
        self.management.local_addr().expect("a bound socket has an address")
    }

    /// Serves until told to stop, and returns when the last answer is out or its time is up.
    ///
    /// The management listener answers to the end, so that a scrape sees the last request.
    // Boxed, or the whole server would be compiled into each binary once more: 0.3 MB.
    pub fn run(self, stop: watch::Receiver<Stop>) -> BoxFuture<'static, ()> {
        Box::pin(self.serve(stop))
    }

    async fn serve(self, stop: watch::Receiver<Stop>) {
        let (http, management) = (self.public_address(), self.management_address());
        let kit = self.kit;
        tracing::info!(%http, %management, version = kit.version(), "listening");
        let capacity = Capacity::of_process(kit.config.max_connections);
        let exporter = kit.tracer.as_ref().map(|tracer| {
            kit.warn_of_ignored(&trace::IGNORED);
            Exporter::start(tracer, kit.info.name)
        });
        let management_task = serve_management(&kit, self.management, capacity.management);
        let left = serve_public(&kit, self.routes, self.public, capacity.public, stop).await;
        if let Some(exporter) = exporter {
            exporter.finish(left).await;
        }
        management_task.abort();
        kit.abort_tasks();
        tracing::info!("stopped");
    }
}

fn limits(config: &Config) -> Limits {
    Limits {
        request_timeout: config.request_timeout_sec,
        max_body_bytes: config.max_body_bytes,
        // Room for two of the largest at least.
        budget: Budget::new(config.max_buffered_bytes.max(config.max_body_bytes.saturating_mul(2))),
    }
}

fn listener(
    kit: &Kit,
    table: RouteTable,
    lifecycle: Arc<Lifecycle>,
    errors: Option<IntCounter>,
    shed: Option<IntCounterVec>,
) -> Arc<Listener> {
    Arc::new(Listener {
        service: kit.info.name,
        public: errors.is_some(),
        table: Arc::new(table),
        lifecycle,
        version: HeaderValue::from_str(kit.version()).expect("the configuration allows only visible ASCII"),
        request_ids: RequestIds::new(),
        // Probes and scrapes are apart in the metrics, too.
        tracer: kit.tracer.clone().filter(|_| errors.is_some()),
        request_timeout: kit.config.request_timeout_sec,
        idle_timeout: kit.config.idle_timeout_sec,
        connection_errors: errors,
        shed,
        crowded: AtomicBool::new(false),
    })
}

fn serve_management(kit: &Kit, tcp: TcpListener, capacity: usize) -> tokio::task::AbortHandle {
    let metrics = HttpMetrics::management(&kit.metrics, &kit.config.http_buckets.0);
    let (router, table) = standard::management(kit).build(metrics);
    // Its own life never leaves the first phase.
    let listener = listener(kit, table, Arc::new(Lifecycle::new()), None, None);
    let stack = stack::stack(router, Arc::clone(&listener.table), None, &limits(&kit.config));
    let acceptor = Acceptor::new(listener, stack, capacity);
    let open = acceptor.open();
    kit.spawn(async move {
        tokio::join!(acceptor.accept(tcp, std::future::pending()), open.reap());
    })
}

/// Returns how much time there is left for the end.
async fn serve_public(
    kit: &Kit,
    routes: Routes,
    tcp: TcpListener,
    capacity: usize,
    mut stop: watch::Receiver<Stop>,
) -> Duration {
    let help = "Connections that ended because bytes came that are no valid request head.";
    let errors = kit.metrics.counter("http_connection_errors_total", help);
    let help =
        "Connections for which there was no place: new ones refused, idle ones ended in favour of new ones.";
    let shed = kit.metrics.counter_vec("http_connections_shed_total", help, &["reason"]);
    for reason in ["idle", "refused"] {
        shed.with_label_values(&[reason]);
    }
    let metrics = HttpMetrics::public(&kit.metrics, &kit.config.http_buckets.0);
    let (router, table) = standard::public(kit, routes).build(metrics);
    let listener = listener(kit, table, Arc::clone(&kit.lifecycle), Some(errors), Some(shed));
    let faults = Some(kit.faults.clone());
    let stack = stack::stack(router, Arc::clone(&listener.table), faults, &limits(&kit.config));
    let acceptor = Acceptor::new(listener, stack, capacity);
    let open = acceptor.open();
    let reaper = kit.spawn({
        let open = Arc::clone(&open);
        async move { open.reap().await }
    });
    acceptor.accept(tcp, drained(kit, &open, &mut stop)).await;
    let left = close(kit, &open, &mut stop).await;
    reaper.abort();
    left
}

/// Resolves when nothing new is to be accepted any more.
async fn drained(kit: &Kit, open: &Open, stop: &mut watch::Receiver<Stop>) {
    let how = wait_for(stop, Stop::Drain).await;
    if kit.faults.end_abruptly() {
        tracing::error!(in_flight = open.in_flight(), why = "a fault rule says so", "requests cut off");
        kit.lifecycle.advance(Phase::Aborted);
        return open.wake();
    }
    kit.lifecycle.advance(Phase::Draining);
    open.wake();
    let delay = kit.config.drain_delay_sec;
    if how == Stop::Drain && !delay.is_zero() {
        tracing::info!(seconds = delay.as_secs_f64(), "draining: not ready, still accepting");
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _ = wait_for(stop, Stop::Finish) => {}
        }
    }
}

/// How long a connection that was accepted last may take to send its request. It was sent before the listener closed,
/// or follows at once.
const LAST_REQUEST: Duration = Duration::from_millis(250);

/// What the last spans get of a shutdown timeout that requests have used up: pods are given five seconds more.
const LAST_SPANS: Duration = Duration::from_millis(500);

/// Lets what is in flight finish, within the shutdown timeout. Returns what is left of that: nothing after a second signal.
async fn close(kit: &Kit, open: &Open, stop: &mut watch::Receiver<Stop>) -> Duration {
    let started = Instant::now();
    kit.lifecycle.advance(Phase::Closing);
    open.wake();
    tracing::info!(in_flight = open.in_flight(), "closing: finishing what is in flight");
    let finished = async {
        if tokio::time::timeout(LAST_REQUEST, open.wait_until_all_closed()).await.is_err() {
            open.wait_until_idle().await;
        }
    };
    let why = tokio::select! {
        () = finished => "",
        () = tokio::time::sleep(kit.config.shutdown_timeout_sec) => "they took longer than the shutdown timeout",
        _ = wait_for(stop, Stop::Abort) => "a second signal came",
    };
    let in_flight = open.in_flight();
    if in_flight > 0 {
        tracing::error!(in_flight, why, "requests cut off");
    }
    kit.lifecycle.advance(Phase::Aborted);
    open.wake();
    // The cut connections record their requests before the process goes; a moment is enough.
    let _ = tokio::time::timeout(Duration::from_millis(100), open.wait_until_all_closed()).await;
    match *stop.borrow() {
        Stop::Abort => Duration::ZERO,
        _ => kit.config.shutdown_timeout_sec.saturating_sub(started.elapsed()).max(LAST_SPANS),
    }
}

/// A sender that is gone can say nothing more, and leaves the service running.
async fn wait_for(stop: &mut watch::Receiver<Stop>, at_least: Stop) -> Stop {
    let said = stop.wait_for(|stop| *stop >= at_least).await.map(|stop| *stop);
    match said {
        Ok(stop) => stop,
        Err(_) => std::future::pending().await,
    }
}
