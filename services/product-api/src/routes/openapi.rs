//! `/openapi.json`: the API's description, generated from the handlers and the types that they read and write.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "product-api", description = "A catalogue of products.", license(name = "Apache-2.0")),
    paths(
        super::products::list,
        super::products::create,
        super::product::find,
        super::product::update,
        super::product::delete
    )
)]
struct Document;

static JSON: LazyLock<String> =
    LazyLock::new(|| Document::openapi().to_json().expect("the document has string keys"));

pub(crate) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str()).into_response()
}

/// Declares error answers: the name that handlers use, the status, and when it is given.
macro_rules! errors {
    ($($name:ident, $status:literal, $description:literal;)*) => {$(
        #[doc = $description]
        pub(crate) enum $name {}

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
                BTreeMap::from([($status.to_owned(), error($status, $description))])
            }
        }
    )*};
}

errors! {
    BadRequest, "400", "A parameter or the body is not valid; the error says what is allowed";
    NotFound, "404", "There is no such product";
    Moved, "412", "If-Match names another version than the present one";
    TooLarge, "413", "The body is larger than MAX_BODY_BYTES";
    WrongType, "415", "The body is not declared as JSON";
    Unavailable, "503", "The database is unavailable, takes no writes, or took too long";
}

/// The envelope of every error.
fn error(status: &str, description: &str) -> RefOr<utoipa::openapi::Response> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let body = ObjectBuilder::new().property("error", text).required("error");
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(body)).build());
    let seconds = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::Integer))).build();
    RefOr::T(match status {
        "503" => response.header("retry-after", seconds).build(),
        _ => response.build(),
    })
}
