//! The description of the API.

use e2e::Service;

use crate::BINARY;

#[test]
fn it_is_openapi_3_1_and_describes_every_route() {
    let document = Service::start(BINARY, &[("AWS_BACKEND", "embedded")]).get("/openapi.json");
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    let keys = |pointer: &str| {
        let object = document.pointer(pointer).and_then(|value| value.as_object()).expect("an object");
        object.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("/paths"), ["/parameter/{name}", "/parameters", "/s3-buckets"]);
    assert_eq!(keys("/paths/~1s3-buckets/get/responses"), ["200", "502", "503", "504"]);
}
