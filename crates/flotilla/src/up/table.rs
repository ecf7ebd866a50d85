//! The table of what runs where.

use super::fleet::Member;
use super::ports::MANAGEMENT_OFFSET;

/// One line a service: its URL, its metrics, and something to try.
pub(super) fn render(fleet: &[Member]) -> String {
    let head = ["SERVICE", "URL", "METRICS", "TRY"].map(str::to_owned);
    let rows = fleet.iter().map(|Member { info, port, example, .. }| {
        let url = format!("http://127.0.0.1:{port}");
        let metrics = format!("http://127.0.0.1:{}/metrics", port + MANAGEMENT_OFFSET);
        [info.name.to_owned(), url.clone(), metrics, format!("curl -i '{url}{example}'")]
    });
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths = [0, 1, 2].map(width);
    let line = |[service, url, metrics, example]: &[String; 4]| {
        let [first, second, third] = widths;
        format!("{service:first$}  {url:second$}  {metrics:third$}  {example}\n")
    };
    let table: String = rows.iter().map(line).collect();
    table + "\nCtrl-C stops the fleet.\n"
}
