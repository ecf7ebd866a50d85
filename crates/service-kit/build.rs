//! Hands the compiler's version to the crate (`/version`, `app_build_info`).

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let rustc = std::env::var_os("RUSTC").expect("cargo sets RUSTC for build scripts");
    let output = Command::new(rustc).arg("--version").output().expect("rustc --version runs");
    let version = String::from_utf8_lossy(&output.stdout);
    // "rustc 1.95.0 (59807616e 2026-04-14)": the second word is the version.
    println!("cargo::rustc-env=BUILD_RUSTC={}", version.split_whitespace().nth(1).unwrap_or("unknown"));
}
