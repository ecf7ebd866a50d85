//! What the service kit is measured against: axum alone, with the body and headers of hello's `/success`.
//!
//! usage: `bare_axum IP:PORT`

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;

const BODY: &str = r#"{"message":"hello","version":"0.1.0","environment":"local","timestamp":"2026-01-01T00:00:00+00:00","endpoint":"/success","status":"success"}"#;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).expect("an address");
    let handler = async || ([(CONTENT_TYPE, "application/json")], BODY);
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route("/success", get(handler))).await
}
