//! Which requests a rule is about.

use http::{HeaderMap, HeaderName, Method};

use super::above::Above;
use super::field::Field;

/// What a rule is asked about a request.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    /// The route's path, such as `/products/{id}`.
    pub(crate) template: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// What a request must be to match; what is not given matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    path: Option<String>,
    method: Option<Method>,
    version: Option<String>,
    headers: Vec<(HeaderName, String)>,
    pub(super) above: Option<Above>,
}

impl Match {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, String> {
        let fields = field.fields(&["path", "method", "version", "header", "above"])?;
        Ok(Self {
            path: fields.parse("path", path)?,
            method: fields.parse("method", method)?,
            version: fields.parse("version", |text| Ok(text.to_owned()))?,
            headers: fields.get("header").map(|field| headers(&field)).transpose()?.unwrap_or_default(),
            above: fields.parse("above", Above::parse)?,
        })
    }

    /// Whether it says anything about requests: what a process does knows only its version.
    pub(super) fn is_about_requests(&self) -> bool {
        self.path.is_some() || self.method.is_some() || !self.headers.is_empty() || self.above.is_some()
    }

    pub(super) fn fits_version(&self, version: &str) -> bool {
        self.version.as_ref().is_none_or(|wanted| wanted == version)
    }

    /// Whether a request fits, apart from its rate and the version.
    pub(super) fn fits(&self, asked: &Asked<'_>) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted == asked.method)
            && self.path.as_ref().is_none_or(|wanted| wanted == asked.template || wanted == asked.path)
            && self.headers.iter().all(|(name, wanted)| {
                asked.headers.get_all(name).iter().any(|value| value.as_bytes() == wanted.as_bytes())
            })
    }
}

fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err("must start with '/'".to_owned()) }
}

fn method(text: &str) -> Result<Method, String> {
    let method =
        Method::from_bytes(text.as_bytes()).ok().filter(|_| !text.contains(|c: char| c.is_ascii_lowercase()));
    method.ok_or_else(|| "must be a method in capitals, such as GET".to_owned())
}

fn headers(field: &Field<'_>) -> Result<Vec<(HeaderName, String)>, String> {
    let allowed =
        "must be a map of header names and the values that they must have, such as {x-tenant: acme}";
    let header = |(name, value): (&str, Field<'_>)| {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| field.problem(&format!("{name:?} is no name of a header")))?;
        Ok((name, value.parse(|text| Ok(text.to_owned()))?))
    };
    match field.entries(allowed)? {
        entries if entries.is_empty() => Err(field.problem(allowed)),
        entries => entries.into_iter().map(header).collect(),
    }
}
