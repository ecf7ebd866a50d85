//! The description of the API.

use crate::hello;

#[test]
fn it_is_openapi_3_1_and_describes_every_route() {
    let document = hello(&[]).get("/openapi.json");
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/", "/fail", "/success", "/work"]);
    let statuses = |path: &str| {
        let responses = document["paths"][path]["get"]["responses"].as_object().unwrap();
        responses.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(statuses("/fail"), ["500"]);
    assert_eq!(statuses("/work"), ["200", "400", "500", "503"]);
}
