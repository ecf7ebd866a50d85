//! Uploads that never end: together they hold what the memory limit of the chart has room for.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use e2e::within;

use crate::{api, send};

/// The limit of memory in charts/product-api/values.yaml.
const CHART_LIMIT: u64 = 128 << 20;

#[test]
fn two_hundred_unfinished_uploads_do_not_pass_the_memory_limit_of_the_chart() {
    let service = api(&[]);
    let head = "POST /products HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1048576\r\n\r\n";
    let upload = |_| {
        let mut stream = TcpStream::connect(service.public).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        // Who is refused is not read to its end.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![b' '; (1 << 20) - 1]));
        stream
    };
    let uploads: Vec<_> = (0..200).map(upload).collect();
    within(Duration::from_secs(25), "most are refused", || {
        let refused = service.metric("http_requests_total", &[("path", "/products"), ("status", "503")]);
        (refused >= 150.0).then_some(())
    });
    assert!(service.resident_bytes() < CHART_LIMIT, "{}", service.resident_bytes());
    drop(uploads);
    let product = r#"{"name":"a","description":"b","price":1,"image_url":"http://a/b.png"}"#;
    within(Duration::from_secs(10), "there is room again", || {
        (send(&service, "POST", "/products", product).status != 503).then_some(())
    });
}
