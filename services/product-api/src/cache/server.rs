//! Who answers: which run of which server, and whether it is the master.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisError, Value};

/// Redis hashes what is between the first braces of a key: with the same word in all of them, one node of a cluster
/// has all keys.
const TAG: &str = "{cluster}";

/// What a server says about itself. None of it is needed: a user may be allowed to ask little.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    cluster: bool,
    pub(super) replica: bool,
    run: Option<String>,
    replication: Option<String>,
}

impl Server {
    /// Asks with `HELLO`, which every user may send, and with `INFO`, unless that is known to be refused.
    pub(super) async fn ask(
        connection: &mut MultiplexedConnection,
        with_information: bool,
    ) -> Result<Self, RedisError> {
        let mut commands = redis::pipe();
        commands.cmd("HELLO");
        if with_information {
            commands.cmd("INFO").arg("server").cmd("INFO").arg("replication");
        }
        let answers: Vec<Result<Value, RedisError>> =
            commands.ignore_errors().query_async(connection).await?;
        Ok(Self::read(answers))
    }

    /// Of answers in the order of [`Server::ask`]; what was refused is unknown.
    fn read(answers: Vec<Result<Value, RedisError>>) -> Self {
        let mut answers = answers.into_iter().map(|answer| answer.unwrap_or(Value::Nil));
        let mut next = || answers.next().unwrap_or(Value::Nil);
        let hello: HashMap<String, Value> = FromRedisValue::from_redis_value(next()).unwrap_or_default();
        let text = |value| String::from_redis_value(value).unwrap_or_default();
        let (server, replication) = (text(next()), text(next()));
        let says = |key: &str, value: &str| {
            hello.get(key).is_some_and(|found| *found == Value::BulkString(value.as_bytes().to_vec()))
        };
        Self {
            cluster: says("mode", "cluster") || line(&server, "redis_mode") == Some("cluster"),
            replica: says("role", "replica") || line(&replication, "role") == Some("slave"),
            run: line(&server, "run_id").map(str::to_owned),
            replication: line(&replication, "master_replid").map(str::to_owned),
        }
    }

    /// What each key of a cluster has after its first word.
    pub(super) fn tag(&self) -> &'static str {
        if self.cluster { TAG } else { "" }
    }

    /// A new one each time the process starts.
    pub(super) fn run(&self) -> &str {
        self.run.as_deref().unwrap_or("unknown")
    }

    /// A new one each time the process starts as a master or becomes one. Every token begins with it.
    pub(super) fn tenure(&self) -> &str {
        self.replication.as_deref().unwrap_or_default()
    }

    /// A token that no generation has had.
    pub(super) fn new_token(&self) -> String {
        format!("{}{:032x}", self.tenure(), fastrand::u128(..))
    }

    /// Whether `INFO` has said anything.
    pub(super) fn may_be_asked(&self) -> bool {
        self.run.is_some() || self.replication.is_some()
    }

    /// Whether what was lost by a restart or a failover would be noticed.
    pub(super) fn is_known(&self) -> bool {
        self.run.is_some() && self.replication.is_some()
    }
}

fn line<'a>(information: &'a str, name: &str) -> Option<&'a str> {
    information.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn hello(mode: &str, role: &str) -> Value {
        Value::Array(["server", "redis", "mode", mode, "role", role].map(text).to_vec())
    }

    fn refused() -> Result<Value, RedisError> {
        Err((redis::ErrorKind::Extension, "NOPERM").into())
    }

    #[test]
    fn what_may_not_be_asked_is_unknown() {
        let server = Server::read(vec![Ok(hello("standalone", "replica")), refused(), refused()]);
        assert_eq!((server.replica, server.tag(), server.run(), server.tenure()), (true, "", "unknown", ""));
        assert!(!server.is_known());
        assert_eq!(Server::read(vec![refused(), refused(), refused()]), Server::default());
    }

    #[test]
    fn what_hello_does_not_know_is_read_from_the_information() {
        let server = text("# Server\r\nredis_mode:cluster\r\nrun_id:7f\r\n");
        let replication = text("# Replication\r\nrole:slave\r\nmaster_replid:2e\r\nmaster_replid2:00\r\n");
        let server = Server::read(vec![refused(), Ok(server), Ok(replication)]);
        assert_eq!((server.replica, server.tag(), server.run(), server.tenure()), (true, TAG, "7f", "2e"));
        assert!(server.is_known());
    }
}
