//! Flows across binaries: releases under load, and the fleet as `cargo run` starts it.

#![expect(clippy::unwrap_used, reason = "a failed test may panic, and so may its helpers")]

mod fleet;
mod release;
mod traces;
