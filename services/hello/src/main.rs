//! The `hello` binary.

fn main() -> std::process::ExitCode {
    service_kit::main(&hello::INFO, hello::app)
}
