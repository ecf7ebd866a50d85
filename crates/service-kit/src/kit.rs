//! What a service is handed to build itself with.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

use crate::config::Config;
use crate::faults::Faults;
use crate::health::Health;
use crate::info::Info;
use crate::lifecycle::Lifecycle;
use crate::logging;
use crate::metrics::Metrics;
use crate::trace::{self, Tracer};

/// One service's share of everything that services have. A clone is another handle to the same.
#[derive(Clone)]
pub struct Kit {
    /// Who the service is.
    pub info: &'static Info,
    /// Its configuration.
    pub config: Arc<Config>,
    /// Its registry.
    pub metrics: Metrics,
    /// Its readiness checks.
    pub health: Health,
    /// Its fault rules.
    pub faults: Faults,
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// None when nothing is traced.
    pub(crate) tracer: Option<Arc<Tracer>>,
    tasks: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Kit {
    /// A kit for a service. Call it once a service: its metrics and its clock start here.
    pub fn new(info: &'static Info, config: Config) -> Self {
        let version = config.service_version.as_deref().unwrap_or(info.version);
        let metrics = Metrics::new(&config.environment, version, &config.build_commit);
        let lifecycle = Arc::new(Lifecycle::new());
        let faults = Faults::new(&metrics, version);
        let tracer = Tracer::new(info, &config, &metrics).map(Arc::new);
        Self {
            health: Health::new(Arc::clone(&lifecycle), config.readiness_delay_sec, faults.clone()),
            faults,
            metrics,
            lifecycle,
            tracer,
            tasks: Arc::default(),
            config: Arc::new(config),
            info,
        }
    }

    /// The version that the service answers with.
    pub fn version(&self) -> &str {
        self.config.service_version.as_deref().unwrap_or(self.info.version)
    }

    /// The environment that the service answers with.
    pub fn environment(&self) -> &str {
        &self.config.environment
    }

    /// Says of each of these variables that is set that it has no effect: others would honour it.
    pub fn warn_of_ignored(&self, variables: &[&str]) {
        for variable in variables.iter().filter(|name| self.config.set.iter().any(|set| set == *name)) {
            tracing::warn!(variable, "{variable} is not supported and has no effect");
        }
    }

    /// Starts a background task. Its log lines carry the service's name, and it ends with the service. What is started
    /// for a request belongs to the trace of that.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let handle =
            tokio::spawn(logging::in_service(self.info.name, trace::in_current(task))).abort_handle();
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(handle.clone());
        handle
    }

    pub(crate) fn abort_tasks(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.iter().for_each(AbortHandle::abort);
    }
}
