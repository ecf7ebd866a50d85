//! The `main-api` binary.

fn main() -> std::process::ExitCode {
    service_kit::main(&main_api::INFO, main_api::app)
}
