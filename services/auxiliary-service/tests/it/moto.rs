//! The same against the emulator that is strict about arguments.

use e2e::Aws;

use crate::{names, start};

#[test]
fn moto_accepts_the_listings() {
    let Some(aws) = Aws::moto() else { return };
    let service = start(&aws.url, &[]);
    assert_eq!(names(&service, "/s3-buckets", "buckets"), ["bucket-00", "bucket-01", "bucket-02"]);
    let listed = names(&service, "/parameters", "parameters");
    assert_eq!(listed.len(), aws.inside);
    assert!(listed.iter().all(|name| name.starts_with("/flotilla/local/")));
}

#[test]
fn moto_accepts_every_prefix_that_the_configuration_does() {
    let Some(aws) = Aws::moto() else { return };
    for (prefix, some) in [("/", true), ("/flotilla", true), ("/a.b/c-d/e_f/", false)] {
        let service = start(&aws.url, &[("PARAMETER_PREFIX", prefix)]);
        assert_eq!(!names(&service, "/parameters", "parameters").is_empty(), some, "{prefix}");
    }
}

#[test]
fn moto_gives_plain_and_decrypted_values_and_no_others() {
    let Some(aws) = Aws::moto() else { return };
    let service = start(&aws.url, &[("ALLOW_SECURE_PARAMETERS", "true")]);
    assert_eq!(service.get("/parameter/secret").json()["value"], "correct horse battery staple");
    assert_eq!(service.get("/parameter/list").json()["value"], "a,b,c");
    assert_eq!(service.get("/parameter/no/such").status, 404);
}

#[test]
fn moto_takes_the_longest_and_the_deepest_legal_name() {
    let Some(aws) = Aws::moto() else { return };
    let service = start(&aws.url, &[]);
    let longest = "x".repeat(1_011 - "/flotilla/local/".len());
    let deepest = "a/".repeat(12) + "a";
    for name in [longest, deepest] {
        assert_eq!(service.get(&format!("/parameter/{name}")).status, 404, "{name}");
    }
}
