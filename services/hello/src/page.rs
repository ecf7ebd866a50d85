//! The live traffic page: which version answers how many requests, and how well.

mod accept;

use service_kit::Asset;

pub(crate) use accept::is_wanted;

macro_rules! asset {
    ($name:literal) => {
        Asset { name: $name, text: include_str!(concat!("../assets/", $name)) }
    };
}

/// The page itself.
pub(crate) const HTML: Asset = asset!("page.html");

/// What the page loads, by relative addresses, so that it works below any prefix.
pub(crate) const ASSETS: &[Asset] = &[
    asset!("page.css"),
    asset!("icon.svg"),
    asset!("page.js"),
    asset!("answers.js"),
    asset!("chart.js"),
    asset!("clock.js"),
    asset!("controls.js"),
    asset!("format.js"),
    asset!("marks.js"),
    asset!("sender.js"),
    asset!("sentence.js"),
    asset!("table.js"),
];
