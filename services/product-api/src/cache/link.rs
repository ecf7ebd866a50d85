//! One connection to the master. It does not reconnect: what it leads to is the same process as long as it lives.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue, Pipeline, RedisError};
use service_kit::trace::{Kind, Span};

use super::key::Key;
use super::metrics::Operation;
use super::reason;
use super::server::Server;
use super::target::Target;

/// How many requests may wait to be written.
const BUFFER: usize = 1_024;

pub(super) struct Link {
    connection: MultiplexedConnection,
    target: Target,
    pub(super) server: Server,
    /// The command that reads a generation.
    pub(super) read: &'static str,
}

impl Link {
    /// Counts as a write, so that only a master answers it.
    const READ: &str = "GETEX";

    /// For a user who may not send that.
    pub(super) const WEAK_READ: &str = "GET";

    /// Connects, and finds out who answers. Whoever calls it has the patience.
    pub(super) async fn open(target: &Target) -> Result<Self, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(BUFFER);
        let mut connection = target.client.get_multiplexed_async_connection_with_config(&config).await?;
        let server = Server::ask(&mut connection, true).await?;
        let probe = Key::Product(0).subject().generation(&server);
        let try_read = redis::cmd(Self::READ).arg(probe).exec_async(&mut connection).await;
        let weak = try_read.is_err_and(|error| reason::is_unavailable(&error));
        let read = if weak { Self::WEAK_READ } else { Self::READ };
        Ok(Self { connection, target: target.clone(), server, read })
    }

    pub(super) async fn send<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, RedisError> {
        // Boxed, so that the many requests that only wait do not each hold the room for it.
        Box::pin(commands.query_async(&mut self.connection.clone())).await
    }

    /// The span of an operation, in the trace of the request that it is for: what is asked, and of whom, but no key.
    pub(super) fn span(&self, operation: Operation) -> Span {
        let command = operation.command();
        let mut span = Span::start(Kind::Client, &[command], Instant::now());
        span.set("db.system.name", "redis");
        span.set("db.operation.name", command);
        span.set("server.address", self.target.host());
        if let Some(port) = self.target.port() {
            span.set("server.port", port);
        }
        span
    }

    /// Asks again who answers; whom the user may not ask is not asked each time.
    pub(super) async fn ask(&self) -> Result<Server, RedisError> {
        Server::ask(&mut self.connection.clone(), self.server.may_be_asked()).await
    }

    /// Why it cannot be used.
    pub(super) fn reason(&self, error: &RedisError) -> String {
        refusal(&self.target, &reason::describe(error, &self.target))
    }

    pub(super) fn no_answer(&self) -> String {
        self.refusal(&reason::no_answer(&self.target))
    }

    pub(super) fn refusal(&self, reason: &str) -> String {
        refusal(&self.target, reason)
    }
}

/// A reason with the address that was tried.
pub(super) fn refusal(target: &Target, reason: &str) -> String {
    format!("{target}: {reason}")
}
