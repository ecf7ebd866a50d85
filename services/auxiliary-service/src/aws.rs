//! S3 and SSM through the SDK: each page of a listing is one recorded call.

mod attempts;
mod classify;
mod clients;
mod egress;
mod environment;
mod trust;

use std::time::Instant;

use aws_sdk_ssm::types::{ParameterStringFilter, ParameterType};
use aws_smithy_http_client::tls::TlsContext;
use aws_types::request_id::RequestId as _;
use service_kit::Invalid;
use tokio::sync::OnceCell;

use crate::backend::Parameter;
use crate::calls::{Calls, Details, Operation};
use crate::config::Config;
use crate::error::Failure;
use crate::prefix::Prefix;
use attempts::CountAttempts;
use classify::classify;
use clients::Clients;

/// The most buckets that are asked for at a time. AWS would give 10,000, in an answer of a megabyte.
const BUCKETS_PAGE: i32 = 1_000;

/// The most parameters that DescribeParameters gives at a time.
const PARAMETERS_PAGE: i32 = 50;

/// A page of a listing.
struct Page {
    names: Vec<String>,
    /// What asks for the next page, if there is one.
    next: Option<String>,
}

pub(crate) struct Aws {
    config: Box<Config>,
    calls: Calls,
    tls: TlsContext,
    /// Made by the first request: the process starts, and stays small, without AWS.
    clients: OnceCell<Clients>,
}

impl Aws {
    pub(crate) fn new(config: &Config, calls: Calls) -> Result<Self, Invalid> {
        let tls = trust::context(config.settings.aws_ca_bundle.as_deref())?;
        Ok(Self { config: Box::new(config.clone()), calls, tls, clients: OnceCell::new() })
    }

    async fn clients(&self) -> &Clients {
        // Boxed: it runs once, and is larger than all that every request would keep a place for.
        self.clients.get_or_init(|| Box::pin(Clients::load(&self.config, &self.tls))).await
    }

    fn page_size(&self, most: i32) -> i32 {
        self.config.aws_page_size.map_or(most, |size| size.cast_signed().min(most))
    }

    fn count_attempts(&self, operation: Operation, call: &Details) -> CountAttempts {
        CountAttempts { all: self.calls.attempts(operation).clone(), call: call.clone() }
    }

    pub(crate) async fn buckets(&self, deadline: Instant) -> Result<Vec<String>, Failure> {
        all_pages(|token| self.buckets_page(token, deadline)).await
    }

    async fn buckets_page(&self, token: Option<String>, deadline: Instant) -> Result<Page, Failure> {
        let operation = Operation::ListBuckets;
        let call = async |details: Details| {
            let client = &self.clients().await.s3;
            details.region(client.config().region());
            let request = client.list_buckets();
            let request = request.max_buckets(self.page_size(BUCKETS_PAGE)).set_continuation_token(token);
            let sent = request.customize().interceptor(self.count_attempts(operation, &details)).send().await;
            details.answered(sent.request_id());
            sent.map_err(|error| classify(operation, &error))
        };
        let page = self.calls.record(operation, deadline, call).await?;
        let names = page.buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name);
        Ok(Page::new(names, page.continuation_token))
    }

    pub(crate) async fn parameters(
        &self,
        prefix: &Prefix,
        deadline: Instant,
    ) -> Result<Vec<String>, Failure> {
        all_pages(|token| self.parameters_page(prefix, token, deadline)).await
    }

    async fn parameters_page(
        &self,
        prefix: &Prefix,
        token: Option<String>,
        deadline: Instant,
    ) -> Result<Page, Failure> {
        let operation = Operation::DescribeParameters;
        let filter = ParameterStringFilter::builder().key("Path").option("Recursive").values(prefix.path());
        let filter = filter.build().expect("the key is set");
        let call = async |details: Details| {
            let client = &self.clients().await.ssm;
            details.region(client.config().region());
            let request = client.describe_parameters().parameter_filters(filter);
            let request = request.max_results(self.page_size(PARAMETERS_PAGE)).set_next_token(token);
            let sent = request.customize().interceptor(self.count_attempts(operation, &details)).send().await;
            details.answered(sent.request_id());
            sent.map_err(|error| classify(operation, &error))
        };
        let page = self.calls.record(operation, deadline, call).await?;
        let names = page.parameters.unwrap_or_default().into_iter().filter_map(|parameter| parameter.name);
        Ok(Page::new(names, page.next_token))
    }

    pub(crate) async fn parameter(
        &self,
        full_name: &str,
        decrypt: bool,
        deadline: Instant,
    ) -> Result<Parameter, Failure> {
        let operation = Operation::GetParameter;
        let call = async |details: Details| {
            let client = &self.clients().await.ssm;
            details.region(client.config().region());
            let request = client.get_parameter().name(full_name).with_decryption(decrypt);
            let sent = request.customize().interceptor(self.count_attempts(operation, &details)).send().await;
            details.answered(sent.request_id());
            let answer = sent.map_err(|error| classify(operation, &error))?;
            answer.parameter.ok_or_else(|| classify::empty(operation))
        };
        let parameter = self.calls.record(operation, deadline, call).await?;
        let secure = parameter.r#type == Some(ParameterType::SecureString);
        Ok(Parameter { value: parameter.value.unwrap_or_default(), secure })
    }
}

impl Page {
    fn new(names: impl Iterator<Item = String>, token: Option<String>) -> Self {
        // SSM says by an empty token that this was the last page.
        Self { names: names.collect(), next: token.filter(|token| !token.is_empty()) }
    }
}

async fn all_pages<F>(page: impl Fn(Option<String>) -> F) -> Result<Vec<String>, Failure>
where
    F: Future<Output = Result<Page, Failure>>,
{
    let mut last = page(None).await?;
    let mut names = last.names;
    while let Some(token) = last.next {
        last = page(Some(token)).await?;
        names.append(&mut last.names);
    }
    Ok(names)
}
