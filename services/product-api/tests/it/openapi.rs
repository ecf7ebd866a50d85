//! The description of the API.

use crate::api;

#[test]
fn it_is_openapi_3_1_and_describes_every_route() {
    let document = api(&[]).get("/openapi.json");
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    for (path, methods) in
        [("/products", &["get", "post"][..]), ("/products/{id}", &["get", "put", "delete"])]
    {
        let described: Vec<&String> = document["paths"][path].as_object().unwrap().keys().collect();
        assert_eq!(described, methods);
    }
}

#[test]
fn it_says_what_a_product_must_be() {
    let schemas = api(&[]).get("/openapi.json").json()["components"]["schemas"].clone();
    let draft = &schemas["Draft"];
    assert_eq!(draft["required"], serde_json::json!(["name", "price", "category"]));
    assert_eq!(
        (&draft["properties"]["name"]["maxLength"], &draft["properties"]["stock"]["minimum"]),
        (&200.into(), &0.into())
    );
    assert!(schemas["Changes"]["required"].is_null(), "{schemas}");
    assert_eq!(schemas["Changes"]["properties"]["price"]["type"], "number");
}
