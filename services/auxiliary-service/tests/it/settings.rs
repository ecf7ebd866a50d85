//! The settings that every tool of AWS takes from the environment.

use e2e::{Aws, Fault, Faulty, eventually};

use crate::{names, start};

#[test]
fn s3_and_ssm_may_have_urls_of_their_own() {
    let Some(aws) = Aws::ministack() else { return };
    let [all, own] = [(); 2].map(|()| Faulty::start(Fault::Relay(aws.address)));
    let (all_url, own_url) = (format!("http://{}", all.address), format!("http://{}", own.address));
    for (variable, mine, other) in [
        ("AWS_ENDPOINT_URL_S3", "/s3-buckets", "/parameter/list"),
        ("AWS_ENDPOINT_URL_SSM", "/parameter/list", "/s3-buckets"),
    ] {
        let service = start(&all_url, &[(variable, &own_url)]);
        let before = (own.requests().len(), all.requests().len());
        assert_eq!(service.get(mine).status, 200);
        let between = (own.requests().len(), all.requests().len());
        assert!(between.0 > before.0 && between.1 == before.1, "{variable}");
        assert_eq!(service.get(other).status, 200);
        assert!(own.requests().len() == between.0 && all.requests().len() > between.1, "{variable}");
    }
}

#[test]
fn a_region_comes_from_a_variable_or_the_profile() {
    let Some(aws) = Aws::ministack() else { return };
    let file = format!("{}/config", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, "[default]\nregion = eu-south-1\n[profile far]\nregion = ap-south-1\n").unwrap();
    let profile = ("AWS_CONFIG_FILE", file.as_str());
    for (more, region) in [
        (vec![], "eu-west-1"),
        (vec![profile], "eu-south-1"),
        (vec![profile, ("AWS_PROFILE", "far")], "ap-south-1"),
        (vec![profile, ("AWS_DEFAULT_REGION", "us-west-2")], "us-west-2"),
        (vec![("AWS_DEFAULT_REGION", "us-west-2"), ("AWS_REGION", "eu-north-1")], "eu-north-1"),
    ] {
        let relay = Faulty::start(Fault::Relay(aws.address));
        let service = start(&format!("http://{}", relay.address), &more);
        names(&service, "/s3-buckets", "buckets");
        let signed = format!("/{region}/s3/aws4_request");
        assert!(relay.requests()[0].contains(&signed), "{region}: {:?}", relay.requests());
    }
}

#[test]
fn attempts_and_mode_of_retries_are_as_configured() {
    for (variables, attempts) in [
        (vec![("AWS_MAX_ATTEMPTS", "1")], 1),
        (vec![("AWS_MAX_ATTEMPTS", "2"), ("AWS_RETRY_MODE", "adaptive")], 2),
        (vec![("AWS_RETRY_MODE", "standard")], 3),
    ] {
        let aws = Faulty::start(Fault::answer(500, "", "{}"));
        let service = start(&format!("http://{}", aws.address), &variables);
        assert_eq!((service.get("/parameter/list").status, aws.requests().len()), (502, attempts));
    }
}

#[test]
fn urls_that_are_to_be_ignored_are() {
    let aws = Faulty::start(Fault::answer(200, "", "{}"));
    let url = format!("http://{}", aws.address);
    // Where it goes instead is AWS, through a proxy that is none.
    let more = [("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("HTTPS_PROXY", "127.0.0.1:1")];
    assert_eq!(start(&url, &more).get("/parameter/list").status, 502);
    assert!(aws.requests().is_empty());
}

#[test]
fn what_other_tools_of_aws_read_and_this_one_does_not_is_said_once() {
    let service = start("http://127.0.0.1:1", &[("AWS_DEFAULT_PROFILE", "x"), ("REQUESTS_CA_BUNDLE", "/x")]);
    service.get("/parameter/list");
    for variable in ["AWS_DEFAULT_PROFILE", "REQUESTS_CA_BUNDLE"] {
        let expected = format!("{variable} is not supported and has no effect");
        let said = || service.log().iter().filter(|line| line.contains(&expected)).count();
        eventually("it is said", || said() == 1);
    }
    assert!(!service.log().iter().any(|line| line.contains("AWS_DEFAULTS_MODE")));
}

#[test]
fn an_empty_variable_is_none_whoever_reads_it() {
    let Some(aws) = Aws::ministack() else { return };
    let empty = [
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_SSM",
        "AWS_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_MAX_ATTEMPTS",
        "AWS_RETRY_MODE",
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        "AWS_SDK_UA_APP_ID",
    ];
    let variables: Vec<_> = empty.iter().map(|name| (*name, "")).collect();
    let service = start(&aws.url, &variables);
    assert!(!names(&service, "/s3-buckets", "buckets").is_empty());
    assert!(!names(&service, "/parameters", "parameters").is_empty());
    // Without one for all, AWS itself is asked, which is behind a proxy that is none.
    let service = start("", &[("HTTPS_PROXY", "127.0.0.1:1")]);
    for path in ["/s3-buckets", "/parameters"] {
        assert_eq!(service.get(path).status, 502, "{path}");
    }
}

#[test]
fn a_line_end_behind_a_key_is_no_part_of_it() {
    let Some(aws) = Aws::ministack() else { return };
    let relay = Faulty::start(Fault::Relay(aws.address));
    let keys = [
        ("AWS_ACCESS_KEY_ID", "from-a-file\n"),
        ("AWS_SECRET_ACCESS_KEY", "secret\r\n"),
        ("AWS_SESSION_TOKEN", "\n"),
    ];
    let service = start(&format!("http://{}", relay.address), &keys);
    names(&service, "/s3-buckets", "buckets");
    let requests = relay.requests();
    assert!(
        requests[0].contains("Credential=from-a-file/") && !requests[0].contains("x-amz-security-token"),
        "{requests:?}"
    );
}
