//! Who reports: what every span of a service has in common.

use crate::config::Config;
use crate::info::Info;
use crate::replica::REPLICA;

const SERVICE_NAME: &str = "service.name";

/// What the service knows of itself; `OTEL_RESOURCE_ATTRIBUTES`, by which a chart says where its pod is, goes before that,
/// and `OTEL_SERVICE_NAME` before both.
pub(super) fn describe(info: &Info, config: &Config) -> Vec<(String, String)> {
    let replica = REPLICA.as_ref().and_then(|name| name.to_str().ok());
    let known = [
        (SERVICE_NAME, Some(info.name)),
        ("service.version", Some(config.service_version.as_deref().unwrap_or(info.version))),
        ("service.instance.id", replica),
        ("deployment.environment.name", Some(&config.environment)),
        // Not OpenTelemetry's own, which alone may say so.
        ("telemetry.sdk.name", Some("flotilla")),
        ("telemetry.sdk.language", Some("rust")),
        ("telemetry.sdk.version", Some(env!("CARGO_PKG_VERSION"))),
    ];
    let known = known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
    let mut attributes: Vec<(String, String)> = known.collect();
    let traces = &config.traces;
    for (key, value) in traces.otel_resource_attributes.iter().flat_map(|attributes| &attributes.0) {
        set(&mut attributes, key, value);
    }
    if let Some(name) = &traces.otel_service_name {
        set(&mut attributes, SERVICE_NAME, name);
    }
    attributes
}

fn set(attributes: &mut Vec<(String, String)>, key: &str, value: &str) {
    attributes.retain(|(known, _)| known != key);
    attributes.push((key.to_owned(), value.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Parsed, parse};

    #[derive(Debug, clap::Args)]
    struct NoConfig {}

    static INFO: Info = Info { name: "hello", version: "1.2.3", port: 0 };

    fn described(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let Ok(Parsed::Run(config, NoConfig {})) = parse(&INFO, std::iter::empty(), &variables) else {
            panic!("the variables are valid")
        };
        let attributes = describe(&INFO, &config);
        move |key| {
            let mut found =
                attributes.iter().filter(|(known, _)| known == key).map(|(_, value)| value.clone());
            let first = found.next();
            assert_eq!(found.next(), None, "{key} twice");
            first
        }
    }

    #[test]
    fn a_service_says_what_it_knows_of_itself() {
        let value = described(&[("ENVIRONMENT", "qa"), ("SERVICE_VERSION", "7")]);
        for (key, expected) in [
            ("service.name", "hello"),
            ("service.version", "7"),
            ("deployment.environment.name", "qa"),
            ("telemetry.sdk.language", "rust"),
        ] {
            assert_eq!(value(key).as_deref(), Some(expected), "{key}");
        }
        assert!(value("service.instance.id").is_some());
    }

    #[test]
    fn what_is_said_by_hand_goes_first_and_the_name_before_all() {
        let attributes = "service.name=a,service.version=b%2Cc,team=shop";
        let value = described(&[("OTEL_RESOURCE_ATTRIBUTES", attributes)]);
        assert_eq!(value("service.name").as_deref(), Some("a"));
        assert_eq!(value("service.version").as_deref(), Some("b,c"));
        assert_eq!(value("team").as_deref(), Some("shop"));
        let named = [("OTEL_RESOURCE_ATTRIBUTES", attributes), ("OTEL_SERVICE_NAME", "z")];
        assert_eq!(described(&named)("service.name").as_deref(), Some("z"));
    }
}
