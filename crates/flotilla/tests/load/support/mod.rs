//! What the tests of `flotilla load` share: the real binary and servers that misbehave on demand.

mod command;
mod server;

pub(crate) use command::{Load, load, load_trusting, start};
pub(crate) use server::{Call, Reply, Server};
