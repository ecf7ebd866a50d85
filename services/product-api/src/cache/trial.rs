//! Every command that the cache sends, tried on keys that nothing real has: a server that refuses one of them is found
//! before the link counts, and not by a request.

use std::time::Duration;

use redis::{Pipeline, RedisError, Value};

use super::key::Key;
use super::link::Link;
use super::{reason, unix_milliseconds};
use crate::filter::Filter;

/// What a trial leaves behind when it does not come to its end dies by itself.
const LIFE: Duration = Duration::from_secs(1);

/// The first refusal, other than that nothing can be stored.
pub(super) async fn run(link: &Link) -> Result<(), RedisError> {
    let answers: Vec<Result<Value, RedisError>> = link.send(&commands(link)).await?;
    let refusal = answers.into_iter().filter_map(Result::err).find(|error| !reason::is_full(error));
    refusal.map_or(Ok(()), Err)
}

fn commands(link: &Link) -> Pipeline {
    let mut commands = redis::pipe();
    let dies_at = (unix_milliseconds() + LIFE.as_millis()) as u64;
    for key in probes() {
        let (generation, name) = (key.subject().generation(&link.server), key.name(&link.server));
        commands.cmd(link.read).arg(&generation).get(&name);
        // That of the lists is a real one: where there is none, this is what any reader would make.
        let token = link.server.new_token();
        commands.cmd("SET").arg(&generation).arg(token).arg("NX").arg("PX").arg(LIFE.as_millis() as u64);
        commands.get(&generation);
        commands.cmd("SET").arg(&name).arg("").arg("PXAT").arg(dies_at);
        commands.del(&name);
    }
    commands.del(&[Key::Product(0).subject().generation(&link.server), Key::Product(0).name(&link.server)]);
    commands.ignore_errors();
    commands
}

/// One key of each name that there is. No product has the id 0, and no page the length 0.
fn probes() -> [Key; 3] {
    let list = |category| Key::List(Filter { category, limit: 0, after: 0 });
    [Key::Product(0), list(None), list(Some(String::new()))]
}

/// A command that stores nothing, but is refused as one that would: by a replica, by a server that cannot be written,
/// by a full one.
pub(super) fn check(link: &Link) -> Pipeline {
    let mut command = redis::pipe();
    let probe = Key::Product(0).name(&link.server);
    // Only where there is one; the time is for the one of a trial.
    command.cmd("SET").arg(probe).arg("").arg("XX").arg("PX").arg(LIFE.as_millis() as u64).ignore();
    command
}
