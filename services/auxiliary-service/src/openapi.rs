//! `/openapi.json`: the API's description, generated from the handlers and the types below. The bodies are
//! written without these types, so `dead_code` is expected.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "auxiliary-service",
        description = "Lists S3 buckets and reads SSM parameters.",
        license(name = "Apache-2.0")
    ),
    paths(crate::routes::buckets, crate::routes::parameters, crate::routes::parameter)
)]
struct Document;

static JSON: LazyLock<String> =
    LazyLock::new(|| Document::openapi().to_json().expect("the document has string keys"));

pub(crate) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str()).into_response()
}

/// All buckets, sorted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that `Auxiliary::body` writes")]
pub(crate) struct BucketNames {
    auxiliary_service_version: String,
    buckets: Vec<String>,
}

/// The full names of all parameters below the prefix, sorted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that `Auxiliary::body` writes")]
pub(crate) struct ParameterNames {
    auxiliary_service_version: String,
    parameters: Vec<String>,
}

/// The value of a parameter.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that `Auxiliary::body` writes")]
pub(crate) struct ParameterValue {
    auxiliary_service_version: String,
    value: String,
}

/// Which parameter is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a path that is read as one string")]
pub(crate) struct Name {
    /// Its name below the prefix, with which it has at most 1011 characters and 15 levels.
    #[param(
        min_length = 1,
        max_length = 1011,
        pattern = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
        example = "greeting"
    )]
    name: String,
}

/// The envelope of every error.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body that the service kit writes")]
pub(crate) struct Error {
    error: String,
}

/// What any operation answers when AWS gives nothing.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what `Failure` becomes")]
pub(crate) enum Failed {
    /// AWS denies, fails or cannot be reached, or there are no credentials.
    #[response(status = 502)]
    BadGateway(Error),
    /// AWS throttles.
    #[response(status = 503)]
    Unavailable(Error),
    /// AWS did not answer in time.
    #[response(status = 504)]
    Timeout(Error),
}
