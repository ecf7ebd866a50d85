//! Drives the real binary, in front of the real product-api with its database in memory.

mod configuration;
mod forward;
mod outage;
mod page;

use e2e::Service;

fn product_api() -> Service {
    product_api_at("127.0.0.1:0")
}

/// One that is ready: its database is opened after it listens.
fn product_api_at(address: &str) -> Service {
    let variables = [("HTTP_ADDR", address), ("SERVICE_VERSION", "7.7.7")];
    let api = Service::start(e2e::binary("product-api"), &variables);
    e2e::eventually("product-api is ready", || api.get("/readyz").status == 200);
    api
}

/// A storefront in front of whatever listens there.
fn storefront(product_api: &str, variables: &[(&str, &str)]) -> Service {
    let variables = [&[("PRODUCT_API_URL", product_api), ("SERVICE_VERSION", "1.1.1")], variables].concat();
    Service::start(env!("CARGO_BIN_EXE_storefront"), &variables)
}

/// Both.
fn shop() -> (Service, Service) {
    let api = product_api();
    let storefront = storefront(&format!("http://{}", api.public), &[]);
    (storefront, api)
}
