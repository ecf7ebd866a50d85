//! Listings: everything, once, in order, and nothing from outside.

use e2e::{Aws, Service};

use crate::{calls, names, start};

#[test]
fn all_buckets_come_back_over_small_pages_in_order() {
    let Some(aws) = Aws::ministack() else { return };
    let service = start(&aws.url, &[("AWS_PAGE_SIZE", "4")]);
    let expected: Vec<String> = (0..aws.buckets).map(|number| format!("bucket-{number:02}")).collect();
    assert_eq!(names(&service, "/s3-buckets", "buckets"), expected);
    assert_eq!(calls(&service, "ListBuckets", "ok"), 7.0);
}

#[test]
fn all_parameters_below_the_prefix_come_back_once_each_in_order() {
    let Some(aws) = Aws::ministack() else { return };
    let service = start(&aws.url, &[]);
    let listed = names(&service, "/parameters", "parameters");
    assert_eq!(listed.len(), aws.inside);
    assert!(listed.is_sorted_by(|a, b| a < b));
    assert!(listed.iter().all(|name| name.starts_with("/flotilla/local/")));
    assert_eq!(calls(&service, "DescribeParameters", "ok"), 24.0);
}

#[test]
fn production_lists_its_own_parameters_only() {
    let Some(aws) = Aws::ministack() else { return };
    let service = start(&aws.url, &[("ENVIRONMENT", "production")]);
    let listed = names(&service, "/parameters", "parameters");
    assert_eq!(listed.len(), 75);
    assert!(listed.iter().all(|name| name.starts_with("/flotilla/production/")));
}

#[test]
fn what_an_emulator_lists_beside_the_prefix_is_left_out() {
    let body = r#"{"Parameters":[{"Name":"/flotilla/localhost"},{"Name":"/flotilla/local/b"},
        {"Name":"/flotilla/production/key"},{"Name":"/flotilla/local/a"},{"Name":"plain"}],"NextToken":""}"#;
    let aws = e2e::Faulty::start(e2e::Fault::answer(200, "", body));
    let service = start(&format!("http://{}", aws.address), &[]);
    let listed = names(&service, "/parameters", "parameters");
    assert_eq!(listed, ["/flotilla/local/a", "/flotilla/local/b"]);
}

#[test]
fn an_answer_has_its_keys_in_order() {
    let Some(aws) = Aws::ministack() else { return };
    let service: Service =
        start(&aws.url, &[("SERVICE_VERSION", "7"), ("PARAMETER_PREFIX", "/nothing/here")]);
    assert_eq!(service.get("/parameters").body, r#"{"auxiliary_service_version":"7","parameters":[]}"#);
}
