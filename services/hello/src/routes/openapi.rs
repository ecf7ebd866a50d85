//! `/openapi.json`: the API's description, generated from the handlers and the types below. The bodies are written
//! without these types, so `dead_code` is expected.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::{IntoParams, OpenApi, ToSchema};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "hello",
        description = "Greets, succeeds, fails and works on demand.",
        license(name = "Apache-2.0")
    ),
    paths(super::greeting::index, super::greeting::success, super::greeting::fail, super::work::work)
)]
struct Document;

static JSON: LazyLock<String> =
    LazyLock::new(|| Document::openapi().to_json().expect("the document has string keys"));

pub(crate) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str()).into_response()
}

/// Who greets, and when.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that is written once")]
pub(crate) struct Greeting {
    message: String,
    version: String,
    environment: String,
    #[schema(format = DateTime)]
    timestamp: String,
    /// The path that has answered.
    endpoint: String,
    /// Absent at `/`.
    #[schema(nullable = false)]
    status: Option<String>,
}

/// What a request to `/work` may ask for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query that is read pair by pair")]
pub(crate) struct Demand {
    /// CPU time to burn.
    #[param(nullable = false, pattern = r"^(0|[0-9]{1,9}(ns|us|ms|s|m|h))$", example = "2ms")]
    cpu: Option<String>,
    /// How long to sleep: a duration or an ascending range of two.
    #[param(
        nullable = false,
        pattern = r"^(0|[0-9]{1,9}(ns|us|ms|s|m|h))(\.\.(0|[0-9]{1,9}(ns|us|ms|s|m|h)))?$",
        example = "0ms..2ms"
    )]
    sleep: Option<String>,
    /// Bytes of memory to hold meanwhile.
    #[param(nullable = false, pattern = r"^[0-9]{1,9}(k|M|G|Ki|Mi|Gi)?$", example = "64Ki")]
    memory: Option<String>,
}

/// Work that is done.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that the handler writes")]
pub(crate) struct Done {
    greeting: String,
    ok: bool,
}

/// The envelope of every error.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body that the service kit writes")]
pub(crate) struct Error {
    error: String,
    /// False where `FAIL_RATE` has made the error.
    #[schema(nullable = false)]
    ok: Option<bool>,
}
