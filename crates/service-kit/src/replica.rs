//! Which replica answers: the host's name, which in Kubernetes is the pod's.

use std::sync::LazyLock;

use http::{HeaderName, HeaderValue};

/// The replica that answered.
pub(crate) const X_REPLICA: HeaderName = HeaderName::from_static("x-replica");

/// None when the host's name cannot stand in a header.
pub(crate) static REPLICA: LazyLock<Option<HeaderValue>> =
    LazyLock::new(|| HeaderValue::from_bytes(rustix::system::uname().nodename().to_bytes()).ok());
