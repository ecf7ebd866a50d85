//! A storefront that could reach nothing does not start.

use std::process::Command;

fn refusal(url: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storefront"));
    let output = command.env_clear().env("PRODUCT_API_URL", url).output().expect("the binary starts");
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

#[test]
fn a_missing_url_ends_it_with_the_name_of_the_variable() {
    let (code, message) = refusal("");
    assert_eq!(
        (code, message.as_str()),
        (Some(2), "PRODUCT_API_URL: must be set, such as http://product-api:3000\n")
    );
}

#[test]
fn a_bad_url_ends_it_with_the_value() {
    let (code, message) = refusal("product-api:3000");
    assert_eq!(code, Some(2));
    assert!(message.starts_with("PRODUCT_API_URL=\"product-api:3000\": must be a URL"), "{message}");
    assert_eq!(message.lines().count(), 1);
}
