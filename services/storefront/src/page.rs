//! The page of the catalogue.

use service_kit::Asset;

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
    asset!("api.js"),
    asset!("catalogue.js"),
    asset!("editor.js"),
    asset!("format.js"),
    asset!("list.js"),
    asset!("notice.js"),
];
