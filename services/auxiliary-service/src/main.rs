//! The `auxiliary-service` binary.

fn main() -> std::process::ExitCode {
    service_kit::main(&auxiliary_service::INFO, auxiliary_service::app)
}
