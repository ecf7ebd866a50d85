//! `flotilla`: the fleet in one process (`up`, the default) and its load generator (`load`).

mod load;

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
