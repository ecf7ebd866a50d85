//! The routes that every service has.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};

use crate::faults;
use crate::info::RUSTC;
use crate::kit::Kit;
use crate::metrics;
use crate::routes::Routes;
use crate::timestamp::Timestamp;

/// Where a service that has an API describes it.
const OPENAPI: &str = "/openapi.json";

/// The service's own routes, and those that let curl against one port-forward find all on one port.
pub(crate) fn public(kit: &Kit, routes: Routes) -> Routes {
    let routes = match routes.has("/") {
        true => routes,
        false => {
            let described = routes.has(OPENAPI);
            routes.standard("/", get(async move |State(kit)| index(&kit, described)).with_state(kit.clone()))
        }
    };
    common(kit, routes)
        .standard("/health", get(health).with_state(kit.clone()))
        .standard("/ready", get(ready).with_state(kit.clone()))
}

/// What probes, scrapes and operators use.
pub(crate) fn management(kit: &Kit) -> Routes {
    let routes = common(kit, Routes::new());
    match kit.config.admin_token.clone() {
        Some(token) => routes.standard("/faults", faults::admin_routes(kit.faults.clone(), token)),
        None => routes,
    }
}

fn common(kit: &Kit, routes: Routes) -> Routes {
    routes
        .standard("/healthz", get(async || "ok"))
        .standard("/readyz", get(readyz).with_state(kit.clone()))
        .standard("/version", get(version).with_state(kit.clone()))
        .standard("/metrics", get(render_metrics).with_state(kit.clone()))
}

/// What the default health checks of cloud load balancers ask for, and so no path of the service's business.
fn index(kit: &Kit, described: bool) -> Json<Value> {
    let mut body = json!({
        "service": kit.info.name,
        "version": kit.version(),
        "environment": kit.environment(),
    });
    if described {
        body["openapi"] = OPENAPI.into();
    }
    Json(body)
}

async fn readyz(State(kit): State<Kit>, RawQuery(query): RawQuery) -> (StatusCode, String) {
    let ready = kit.health.readiness().is_ok();
    let (status, word) = match ready {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    let verbose = query
        .is_some_and(|query| query.split('&').any(|part| part == "verbose" || part.starts_with("verbose=")));
    (status, if verbose { kit.health.verbose() + word } else { word.to_owned() })
}

async fn health(State(kit): State<Kit>) -> Json<Map<String, Value>> {
    let mut body = Map::from_iter([
        ("status".to_owned(), "healthy".into()),
        ("service".to_owned(), kit.info.name.into()),
        ("version".to_owned(), kit.version().into()),
        ("environment".to_owned(), kit.environment().into()),
        ("timestamp".to_owned(), Timestamp::now().as_str().into()),
    ]);
    kit.health.fill_health(&mut body);
    Json(body)
}

async fn ready(State(kit): State<Kit>) -> Response {
    let readiness = kit.health.readiness();
    let status = if readiness.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if readiness.is_ok() { "ready" } else { "not ready" };
    let mut body =
        Map::from_iter([("status".to_owned(), word.into()), ("ready".to_owned(), readiness.is_ok().into())]);
    if let Err(reason) = readiness {
        body.insert("reason".to_owned(), reason.into());
    }
    body.insert("version".to_owned(), kit.version().into());
    body.insert("environment".to_owned(), kit.environment().into());
    kit.health.fill_ready(&mut body);
    (status, Json(body)).into_response()
}

async fn version(State(kit): State<Kit>) -> Json<Value> {
    Json(json!({
        "service": kit.info.name,
        "version": kit.version(),
        "environment": kit.environment(),
        "commit": kit.config.build_commit,
        "rustc": RUSTC,
    }))
}

async fn render_metrics(State(kit): State<Kit>) -> Response {
    kit.faults.end_series();
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], kit.metrics.render()).into_response()
}
