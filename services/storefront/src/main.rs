//! The `storefront` binary.

fn main() -> std::process::ExitCode {
    service_kit::main(&storefront::INFO, storefront::app)
}
