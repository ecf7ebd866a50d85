//! What the tests of every service share: the real binary in a process of its own, an HTTP client, and its metrics.

mod answer;
mod authority;
mod aws;
mod faulty;
mod metrics;
mod pgbouncer;
mod postgres;
mod redis;
mod server;
mod service;
mod wait;

pub use answer::{Answer, raw, send};
pub use authority::Authority;
pub use aws::Aws;
pub use faulty::{Fault, Faulty};
pub use metrics::Series;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use redis::Redis;
pub use server::free_port;
pub use service::{Service, binary};
pub use wait::{eventually, within};
