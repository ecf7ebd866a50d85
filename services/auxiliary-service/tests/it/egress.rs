//! The way to AWS through a real proxy and real TLS.

use e2e::{Authority, Aws, Fault, Faulty, Service, Stunnel, Tinyproxy};

use crate::{BINARY, names, start};

/// An address that no one listens on: whoever tries it fails.
const NOBODY: &str = "http://127.0.0.1:1";

/// As `start`, and with these variables.
fn through(proxy: &Tinyproxy, variable: &str, endpoint: &str, more: &[(&str, &str)]) -> Service {
    let url = format!("http://{}", proxy.address);
    start(endpoint, &[&[(variable, url.as_str())], more].concat())
}

#[test]
fn https_goes_through_a_proxy_that_wants_a_password_and_no_line_holds_it() {
    let Some((aws, authority)) = Aws::ministack().zip(Authority::new()) else { return };
    let Some(tls) = Stunnel::start(&authority, "DNS:localhost", aws.address, "") else { return };
    let Some(proxy) = Tinyproxy::start("BasicAuth user hunter.2") else { return };
    let url = format!("http://user:hunter%2E2@{}", proxy.address);
    let place = format!("localhost:{}", tls.address.port());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let more = [(variable, url.as_str()), ("AWS_CA_BUNDLE", &authority.file()), ("LOG_LEVEL", "trace")];
        let service = start(&format!("https://{place}"), &more);
        assert_eq!(names(&service, "/s3-buckets", "buckets").len(), aws.buckets, "{variable}");
        assert_eq!(proxy.requests().last(), Some(&format!("CONNECT {place} HTTP/1.1")), "{variable}");
        // In clear, percent-encoded, and as the header has it.
        for secret in ["hunter.2", "hunter%2E2", "dXNlcjpodW50ZXIuMg"] {
            assert!(!service.log().iter().any(|line| line.contains(secret)), "{:?}", service.log());
        }
    }
}

#[test]
fn a_wrong_password_is_502_and_in_no_line() {
    let Some(proxy) = Tinyproxy::start("BasicAuth user right") else { return };
    let url = format!("http://user:wrong-password@{}", proxy.address);
    let service = start("https://localhost:1", &[("HTTPS_PROXY", &url)]);
    let answer = service.get("/s3-buckets");
    assert_eq!((answer.status, answer.body.contains("AWS is unreachable")), (502, true), "{}", answer.body);
    assert!(!answer.body.contains("wrong-password"));
    assert!(!service.log().iter().any(|line| line.contains("wrong-password")), "{:?}", service.log());
}

#[test]
fn http_goes_through_its_own_proxy_in_any_spelling() {
    let (Some(aws), Some(proxy)) = (Aws::ministack(), Tinyproxy::start("")) else { return };
    for (index, variable) in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].into_iter().enumerate() {
        let service = through(&proxy, variable, &aws.url, &[("HTTPS_PROXY", NOBODY)]);
        assert_eq!(service.get("/parameter/list").status, 200);
        assert_eq!(proxy.requests().len(), index + 1, "{variable}");
    }
    let service = through(&proxy, "HTTPS_PROXY", &aws.url, &[]);
    assert_eq!((service.get("/parameter/list").status, proxy.requests().len()), (200, 3), "it is for https");
}

#[test]
fn the_lower_case_wins_and_an_empty_variable_is_none() {
    let (Some(aws), Some(proxy)) = (Aws::ministack(), Tinyproxy::start("")) else { return };
    let service = through(&proxy, "http_proxy", &aws.url, &[("HTTP_PROXY", NOBODY)]);
    assert_eq!((service.get("/parameter/list").status, proxy.requests().len()), (200, 1));
    let service = through(&proxy, "HTTP_PROXY", &aws.url, &[("http_proxy", "")]);
    assert_eq!((service.get("/parameter/list").status, proxy.requests().len()), (200, 2));
}

#[test]
fn what_no_proxy_names_is_reached_directly() {
    let Some(aws) = Aws::ministack() else { return };
    let ported = format!("example.com, {}", aws.address);
    for list in ["127.0.0.1", "x, 127.0.0.0/8", "*", &ported] {
        for variable in ["NO_PROXY", "no_proxy"] {
            let service = start(&aws.url, &[("ALL_PROXY", NOBODY), (variable, list)]);
            assert_eq!(service.get("/parameter/list").status, 200, "{variable}={list}");
        }
    }
    let by_name = aws.url.replace("127.0.0.1", "localhost");
    for list in ["localhost", ".localhost", "*.localhost"] {
        let service = start(&by_name, &[("ALL_PROXY", NOBODY), ("NO_PROXY", list)]);
        assert_eq!(service.get("/parameter/list").status, 200, "{list}");
    }
    for list in ["127.0.0.2", "128.0.0.0/8", "127.0.0.1:1", "localhost"] {
        let service = start(&aws.url, &[("ALL_PROXY", NOBODY), ("NO_PROXY", list)]);
        assert_eq!(service.get("/parameter/list").status, 502, "{list}");
    }
}

#[test]
fn credentials_of_a_container_are_never_asked_for_through_the_proxy() {
    let (Some(aws), Some(proxy)) = (Aws::ministack(), Tinyproxy::start("")) else { return };
    let body = r#"{"AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#;
    let container = Faulty::start(Fault::answer(200, "content-type: application/json\r\n", body));
    let (url, proxy_url) = (format!("http://{}/", container.address), format!("http://{}", proxy.address));
    let variables = [
        ("AWS_ENDPOINT_URL", aws.url.as_str()),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("ALL_PROXY", &proxy_url),
    ];
    let service = Service::start(BINARY, &variables);
    assert_eq!(service.get("/parameter/list").status, 200);
    assert_eq!(container.requests().len(), 1);
    let requests = proxy.requests();
    assert!(!requests.is_empty() && requests.iter().all(|line| line.contains(&aws.url)), "{requests:?}");
}

#[test]
fn metadata_of_the_instance_is_never_asked_for_through_the_proxy() {
    let Some(proxy) = Tinyproxy::start("") else { return };
    let url = format!("http://{}", proxy.address);
    for endpoint in [None, Some(NOBODY), Some("http://[fd00:ec2::254]")] {
        let mut variables = vec![("AWS_ENDPOINT_URL", NOBODY), ("ALL_PROXY", url.as_str())];
        variables.extend(endpoint.map(|endpoint| ("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)));
        let service = Service::start(BINARY, &variables);
        assert_eq!(
            service.get("/parameter/list").body,
            r#"{"error":"no AWS credentials for ssm:GetParameter"}"#
        );
    }
    assert_eq!(proxy.requests(), [""; 0]);
}

#[test]
fn a_bundle_is_trusted_in_place_of_the_system() {
    let Some((aws, authority)) = Aws::ministack().zip(Authority::new()) else { return };
    let Some(tls) = Stunnel::start(&authority, "DNS:localhost", aws.address, "") else { return };
    let url = format!("https://localhost:{}", tls.address.port());
    let other = Authority::new().expect("openssl is there");
    for (bundle, status) in [(authority.file(), 200), (other.file(), 502)] {
        let service = start(&url, &[("AWS_CA_BUNDLE", &bundle)]);
        assert_eq!(service.get("/parameter/list").status, status, "{bundle}");
    }
}

#[test]
fn fips_and_dual_stack_endpoints_are_asked_for() {
    let Some(proxy) = Tinyproxy::start("") else { return };
    let url = format!("http://{}", proxy.address);
    for (variable, host) in [
        ("AWS_USE_FIPS_ENDPOINT", "ssm-fips.us-east-1.amazonaws.com"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "ssm.us-east-1.api.aws"),
        ("AWS_MAX_ATTEMPTS", "ssm.us-east-1.amazonaws.com"),
    ] {
        let value = if variable == "AWS_MAX_ATTEMPTS" { "1" } else { "True" };
        let service = Service::start(
            BINARY,
            &[
                ("AWS_ACCESS_KEY_ID", "key"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("AWS_REGION", "us-east-1"),
                ("HTTPS_PROXY", &url),
                (variable, value),
            ],
        );
        // The proxy has no network to reach it by; what it was asked for is enough.
        service.get("/parameter/list");
        let asked = format!("CONNECT {host}:443 HTTP/1.1");
        assert!(proxy.requests().contains(&asked), "{:?}", proxy.requests());
    }
}
