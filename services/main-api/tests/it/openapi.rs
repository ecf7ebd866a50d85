//! The description of the API.

use crate::start;

#[test]
fn it_is_openapi_3_1_and_describes_every_route() {
    let document = start(([127, 0, 0, 1], 9).into(), &[]).get("/openapi.json");
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"], serde_json::json!([{"url": "/"}, {"url": "/api"}]));
    let keys = |pointer: &str| {
        let object = document.pointer(pointer).and_then(|value| value.as_object()).expect("an object");
        object.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("/paths"), ["/parameter/{name}", "/parameters", "/s3-buckets"]);
    assert_eq!(keys("/paths/~1s3-buckets/get/responses"), ["200", "502", "503", "504"]);
}
