//! The `product-api` binary.

fn main() -> std::process::ExitCode {
    service_kit::main(&product_api::INFO, product_api::app)
}
