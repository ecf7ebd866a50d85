//! What the tests of every service share: the real binary in a process of its own, an HTTP client, and its metrics.

mod answer;
mod metrics;
mod service;
mod wait;

pub use answer::{Answer, raw, send};
pub use metrics::Series;
pub use service::{Service, binary};
pub use wait::{eventually, within};
