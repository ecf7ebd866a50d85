//! What becomes known of a call while it runs, for its span.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use service_kit::trace::Span;

/// Nothing, where the call has no span. A clone is another handle to the same.
#[derive(Clone, Debug)]
pub(crate) struct Details(Option<Arc<Known>>);

#[derive(Debug, Default)]
struct Known {
    attempts: AtomicU32,
    region: OnceLock<String>,
    request_id: OnceLock<String>,
}

impl Details {
    pub(super) fn of(span: &Span) -> Self {
        Self(span.is_reported().then(Arc::default))
    }

    /// A request for it is sent.
    pub(crate) fn sent(&self) {
        if let Some(known) = &self.0 {
            known.attempts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Where it goes.
    pub(crate) fn region(&self, region: Option<&impl AsRef<str>>) {
        if let (Some(known), Some(region)) = (&self.0, region) {
            known.region.get_or_init(|| region.as_ref().to_owned());
        }
    }

    /// AWS has given it an id, which its support asks for.
    pub(crate) fn answered(&self, request_id: Option<&str>) {
        if let (Some(known), Some(id)) = (&self.0, request_id) {
            known.request_id.get_or_init(|| id.to_owned());
        }
    }

    pub(super) fn tell(&self, span: &mut Span) {
        let Some(known) = &self.0 else { return };
        span.set("aws.attempts", known.attempts.load(Ordering::Relaxed));
        if let Some(region) = known.region.get() {
            span.set("cloud.region", &**region);
        }
        if let Some(id) = known.request_id.get() {
            span.set("aws.request_id", &**id);
        }
    }
}
