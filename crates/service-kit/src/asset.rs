//! Files that are embedded in the binary: a page and what it loads from its own origin.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::error::ApiError;

/// A text file that is embedded in the binary.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its name, whose extension tells the content type.
    pub name: &'static str,
    /// Its text: `include_str!`.
    pub text: &'static str,
}

impl Asset {
    /// Scripts, styles, pictures and requests of the page's own origin and nothing else: nothing inline, no frame
    /// around it, and no text that a script could turn into markup.
    pub const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    );

    fn content_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let value = HeaderValue::from_static;
        let headers: [(HeaderName, HeaderValue); 5] = [
            (header::CONTENT_TYPE, value(self.content_type())),
            (header::CONTENT_SECURITY_POLICY, Self::CONTENT_SECURITY_POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
            (header::REFERRER_POLICY, value("no-referrer")),
            // During a rollout two versions answer under the same names: a stored copy could be of the other one.
            (header::CACHE_CONTROL, value("no-cache")),
        ];
        (headers, self.text).into_response()
    }
}

/// Answers with the file that the path's one parameter names.
pub(crate) fn serve(assets: &'static [Asset]) -> MethodRouter {
    get(async move |name: Result<Path<String>, PathRejection>| {
        // A name that is no text is the name of no file.
        let name = name.map(|Path(name)| name).unwrap_or_default();
        match assets.iter().find(|asset| asset.name == name) {
            Some(asset) => asset.into_response(),
            None => ApiError::new(StatusCode::NOT_FOUND, "not found").into_response(),
        }
    })
}
