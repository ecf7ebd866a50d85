//! Where a listener listens: both families unless an address is given.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

/// As many connections as the kernel lets wait (`net.core.somaxconn`): beyond the backlog it drops a client's SYN, which
/// costs that client a second.
const BACKLOG: i32 = i32::MAX;

/// Which address could not be bound, and why.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: cannot listen on {address}: {reason}")]
pub struct BindError {
    /// The variable that sets the address.
    pub variable: &'static str,
    /// The address.
    pub address: SocketAddr,
    reason: io::Error,
}

/// Binds what `variable` says or, when it says nothing, the port on every address of this machine.
pub(super) fn bind(
    variable: &'static str,
    address: Option<SocketAddr>,
    port: u16,
) -> Result<TcpListener, BindError> {
    let chosen = address.unwrap_or_else(|| (Ipv6Addr::UNSPECIFIED, port).into());
    match listen(chosen) {
        Err(reason) if address.is_none() && is_without_ipv6(&reason) => {
            bind(variable, Some((Ipv4Addr::UNSPECIFIED, port).into()), port)
        }
        result => result.map_err(|reason| BindError { variable, address: chosen, reason }),
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A port is free again as soon as its service has ended, whatever connections of it still linger.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // `[::]` takes IPv4 as well, whatever the machine's default is.
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The kernel was built or started without it, or it is switched off for this container.
fn is_without_ipv6(reason: &io::Error) -> bool {
    matches!(Errno::from_io_error(reason), Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    fn bind_default(port: u16) -> Result<SocketAddr, BindError> {
        bind("HTTP_ADDR", None, port).map(|listener| listener.local_addr().unwrap())
    }

    #[tokio::test]
    async fn both_families_are_taken_by_default_and_what_an_address_says_otherwise() {
        for (address, v4, v6) in [
            (None, true, true),
            (Some("[::]:0"), true, true),
            (Some("0.0.0.0:0"), true, false),
            (Some("127.0.0.1:0"), true, false),
            (Some("[::1]:0"), false, true),
        ] {
            let listener = bind("HTTP_ADDR", address.map(|text| text.parse().unwrap()), 0).unwrap();
            let port = listener.local_addr().unwrap().port();
            let reaches = [TcpStream::connect(("127.0.0.1", port)), TcpStream::connect(("::1", port))];
            assert_eq!(reaches.map(|stream| stream.is_ok()), [v4, v6], "{address:?}");
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_in_one_family_is_taken() {
        for other in ["0.0.0.0:0", "127.0.0.1:0", "[::1]:0", "[::]:0"] {
            let other = std::net::TcpListener::bind(other).unwrap().local_addr().map(|it| (it.port(), it));
            let (port, other) = other.unwrap();
            let _taken = std::net::TcpListener::bind(other).unwrap();
            let message = bind_default(port).unwrap_err().to_string();
            assert!(
                message
                    .starts_with(&format!("HTTP_ADDR: cannot listen on [::]:{port}: Address already in use")),
                "{message}"
            );
        }
    }

    #[tokio::test]
    async fn the_kernel_decides_how_many_connections_wait() {
        let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let count = most.trim().parse::<usize>().unwrap().min(500);
        let listener = bind("HTTP_ADDR", None, 0).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port()));
        // Nobody accepts: one more than may wait gets no connection in any time.
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(10)).unwrap();
        assert_eq!((0..count).map(connect).collect::<Vec<_>>().len(), count);
    }

    #[test]
    fn only_a_machine_without_ipv6_falls_back() {
        for (errno, falls_back) in [
            (Errno::AFNOSUPPORT, true),
            (Errno::ADDRNOTAVAIL, true),
            (Errno::ADDRINUSE, false),
            (Errno::ACCESS, false),
        ] {
            assert_eq!(is_without_ipv6(&io::Error::from(errno)), falls_back, "{errno}");
        }
    }
}
