//! The kit's layers and listeners around routes that no service has: those that panic, hang and read bodies.
#![expect(clippy::unwrap_used, reason = "a failed test may panic, and so may its helpers")]

mod bodies;
mod capacity;
mod connections;
mod faults;
mod harness;
mod heads;
mod metrics;
mod traces;
mod wire;
