//! The end of a connection whose client may still be sending. Closed under unread bytes, TCP would take back the answer
//! that says why; so what comes is thrown away for a moment, until the client has read it and closes too.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How long a client has to read the answer and to close; Go's server waits as long.
const MAX_TIME: Duration = Duration::from_millis(500);

/// Beyond it the client is left to fill the kernel's buffers.
const MAX_BYTES: usize = 256 * 1024;

pub(super) struct Linger {
    left: usize,
    time: Option<Pin<Box<Sleep>>>,
}

impl Linger {
    pub(super) fn new() -> Self {
        Self { left: MAX_BYTES, time: None }
    }

    /// Ready when the client has closed, or had its time.
    pub(super) fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        while self.left > 0 {
            match poll_discard(stream, cx) {
                Poll::Ready(0) => return Poll::Ready(()),
                Poll::Ready(length) => self.left = self.left.saturating_sub(length),
                Poll::Pending => break,
            }
        }
        self.time.get_or_insert_with(|| Box::pin(sleep(MAX_TIME))).as_mut().poll(cx)
    }
}

/// Reads and forgets. 0 when nothing more comes.
pub(super) fn poll_discard(stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<usize> {
    let mut scratch = [0; 4096];
    let mut buffer = ReadBuf::new(&mut scratch);
    Pin::new(stream).poll_read(cx, &mut buffer).map(|result| result.map_or(0, |()| buffer.filled().len()))
}
