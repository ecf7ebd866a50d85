//! The way of a request to AWS: through a proxy, or directly.

use std::sync::Arc;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use http::Uri;
use http::uri::Authority;

use crate::config::{Config, ProxyUrl};

/// Where an instance, a task or a pod asks for its credentials. A link-local address is of this machine: a proxy would
/// hand out the credentials of its own.
const METADATA: [&str; 5] =
    ["169.254.169.254", "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]", "[fd00:ec2::23]"];

/// The HTTP client of the SDK.
pub(super) fn client(config: &Config, tls: &TlsContext) -> SharedHttpClient {
    let proxies = &config.proxies;
    let through = |proxy: Option<&ProxyUrl>| {
        let names = proxies.exempt().map(|entry| entry.strip_prefix('*').unwrap_or(entry));
        let names = names.collect::<Vec<_>>().join(",");
        let to = |proxy: &ProxyUrl| ProxyConfig::all(proxy.expose().clone()).expect("it has been parsed");
        build(proxy.map_or_else(ProxyConfig::disabled, |proxy| to(proxy).no_proxy(names)), tls)
    };
    let (http, https) = (proxies.http(), proxies.https());
    if (http, https) == (None, None) {
        return through(None);
    }
    let place = |proxy: Option<&ProxyUrl>| proxy.map_or("none", ProxyUrl::place).to_owned();
    tracing::info!(https = place(https), http = place(http), "AWS is reached through a proxy");
    SharedHttpClient::new(Egress(Arc::new(Ways {
        direct: through(None),
        http: through(http),
        https: through(https),
        exempt: exempt(config),
    })))
}

fn build(proxy: ProxyConfig, tls: &TlsContext) -> SharedHttpClient {
    let tls = tls.clone();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}

/// Places that the SDK's client cannot exempt: a place with its port is more than a name.
fn exempt(config: &Config) -> Vec<Place> {
    let settings = &config.settings;
    let urls = [&settings.aws_container_credentials_full_uri, &settings.aws_ec2_metadata_service_endpoint];
    let uris = urls.into_iter().flatten().filter_map(|url| url.parse::<Uri>().ok());
    let entries = config.proxies.exempt().filter_map(|entry| entry.parse::<Authority>().ok());
    let ported = entries.filter_map(|entry| Some((entry.host().to_owned(), entry.port_u16()?)));
    uris.filter_map(|uri| place(&uri)).chain(ported).collect()
}

type Place = (String, u16);

fn place(uri: &Uri) -> Option<Place> {
    let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    Some((uri.host()?.to_owned(), uri.port_u16().unwrap_or(default)))
}

/// A client each way. What is not used is never built.
#[derive(Debug)]
struct Ways {
    direct: SharedHttpClient,
    http: SharedHttpClient,
    https: SharedHttpClient,
    exempt: Vec<Place>,
}

impl Ways {
    fn of(&self, uri: &Uri) -> &SharedHttpClient {
        let exempt = |place: Place| METADATA.contains(&place.0.as_str()) || self.exempt.contains(&place);
        match uri.scheme_str() {
            _ if place(uri).is_some_and(exempt) => &self.direct,
            Some("http") => &self.http,
            _ => &self.https,
        }
    }
}

#[derive(Clone, Debug)]
struct Egress(Arc<Ways>);

impl HttpClient for Egress {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Route {
            ways: Arc::clone(&self.0),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Chooses the way when the endpoint is known.
#[derive(Debug)]
struct Route {
    ways: Arc<Ways>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Route {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // What is no URI is refused by whichever client gets it.
        let uri = request.uri().parse().unwrap_or_default();
        self.ways.of(&uri).http_connector(&self.settings, &self.components).call(request)
    }
}
