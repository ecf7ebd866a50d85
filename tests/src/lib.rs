//! What the tests of every service share: the real binary in a process of its own, an HTTP client, and its metrics.

mod answer;
mod authority;
mod aws;
mod faulty;
mod metrics;
mod nginx;
mod otelcol;
mod otlp;
mod pgbouncer;
mod postgres;
mod redis;
mod server;
mod service;
mod span;
mod stunnel;
mod tinyproxy;
mod wait;

pub use answer::{Answer, raw, send};
pub use authority::Authority;
pub use aws::Aws;
pub use faulty::{Fault, Faulty};
pub use metrics::Series;
pub use nginx::{Nginx, Request};
pub use otelcol::Otelcol;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use redis::Redis;
pub use server::free_port;
pub use service::{Service, binary};
pub use span::{Attributes, Span};
pub use stunnel::Stunnel;
pub use tinyproxy::Tinyproxy;
pub use wait::{eventually, within};
