//! The routes of a listener: axum's router answers, and a table beside it tells which template a path belongs to, with
//! the metrics of each. The table is asked once a request, before the router, so that what never reaches a handler
//! (a timeout, a refusal, a client that left) is recorded under its route too.

use axum::Router;
use axum::routing::MethodRouter;
use http::{Method, StatusCode};

use crate::asset::{self, Asset};
use crate::error::ApiError;
use crate::metrics::{HttpMetrics, PathMetrics};

/// The routes that a service adds to those that every service has.
#[derive(Default)]
pub struct Routes {
    router: Router,
    templates: Vec<Template>,
}

struct Template {
    path: &'static str,
    answers: Vec<(Method, StatusCode)>,
    business: bool,
}

impl Routes {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route. `path` is a template such as `/products/{id}`, which is also the `path` label of its metrics;
    /// `answers` are the methods with their documented success status, whose series exist from the start.
    ///
    /// # Panics
    ///
    /// When two templates overlap, as axum does.
    #[must_use]
    pub fn route(self, path: &'static str, methods: MethodRouter, answers: &[(Method, StatusCode)]) -> Self {
        self.add(path, methods, Template { path, answers: answers.to_vec(), business: true })
    }

    /// Adds the files of a page. `path` ends in the one parameter that takes a file's name, as in `/page/{file}`.
    /// Faults never touch them, and their series start empty: they are no part of what the service is measured by.
    #[must_use]
    pub fn assets(self, path: &'static str, assets: &'static [Asset]) -> Self {
        self.standard(path, asset::serve(assets))
    }

    /// Adds a route that faults never touch and whose series start empty: health, readiness, metrics, version, `/`.
    pub(crate) fn standard(self, path: &'static str, methods: MethodRouter) -> Self {
        self.add(path, methods, Template { path, answers: Vec::new(), business: false })
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.templates.iter().any(|template| template.path == path)
    }

    fn add(mut self, path: &'static str, methods: MethodRouter, template: Template) -> Self {
        self.templates.push(template);
        Self { router: self.router.route(path, methods), templates: self.templates }
    }

    pub(crate) fn build(self, metrics: HttpMetrics) -> (Router, RouteTable) {
        let router = self.router.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
        (router, RouteTable::new(&self.templates, metrics))
    }
}

async fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not found")
}

async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
}

/// Which template a path belongs to.
pub(crate) struct RouteTable {
    matcher: matchit::Router<usize>,
    routes: Vec<Route>,
    pub(crate) metrics: HttpMetrics,
}

/// One template and its series.
pub(crate) struct Route {
    pub(crate) template: &'static str,
    /// Whether users come here: faults apply, and access lines are worth reading.
    pub(crate) business: bool,
    pub(crate) metrics: PathMetrics,
}

/// The place of the route that all unknown paths share, so that a client cannot make series.
const UNMATCHED: usize = 0;

impl RouteTable {
    fn new(templates: &[Template], metrics: HttpMetrics) -> Self {
        let mut matcher = matchit::Router::new();
        let mut routes = vec![Route::new("unmatched", true)];
        for template in templates {
            matcher
                .insert(template.path, routes.len())
                .expect("axum's router has accepted the same template");
            routes.push(Route::new(template.path, template.business));
            for (method, status) in &template.answers {
                metrics.announce(template.path, method, *status);
            }
        }
        Self { matcher, routes, metrics }
    }

    /// The place of a path's route, to be asked for with [`RouteTable::get`].
    pub(crate) fn find(&self, path: &str) -> usize {
        self.matcher.at(path).map_or(UNMATCHED, |found| *found.value)
    }

    /// The template of a route; None of the one that unknown paths share.
    pub(crate) fn template(&self, index: usize) -> Option<&'static str> {
        (index != UNMATCHED).then(|| self.routes[index].template)
    }

    pub(crate) fn get(&self, index: usize) -> &Route {
        &self.routes[index]
    }
}

impl Route {
    fn new(template: &'static str, business: bool) -> Self {
        Self { template, business, metrics: PathMetrics::default() }
    }
}
