//! hello's contract, on the real binary.

#![expect(clippy::unwrap_used, reason = "a failed test may panic, and so may its helpers")]

mod capacity;
mod configuration;
mod endpoints;
mod failures;
mod faults;
mod ladder;
mod openapi;
mod page;
mod shutdown;
mod work;

use e2e::Service;

fn hello(variables: &[(&str, &str)]) -> Service {
    Service::start(env!("CARGO_BIN_EXE_hello"), variables)
}
