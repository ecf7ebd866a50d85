//! The databases that the same tests run on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use e2e::{Postgres, Service};

/// A new, empty database, for as many replicas as a test wants.
pub(crate) struct Store {
    pub(crate) url: String,
    file: Option<PathBuf>,
    server: Option<Arc<Postgres>>,
}

impl Store {
    /// A file of SQLite.
    #[expect(clippy::unnecessary_wraps, reason = "as the other one")]
    pub(crate) fn sqlite() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("flotilla-{}-{}.db", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let file = std::env::temp_dir().join(name);
        Some(Self { url: format!("sqlite://{}", file.display()), file: Some(file), server: None })
    }

    /// A database of PostgreSQL; None when that is not installed.
    pub(crate) fn postgres() -> Option<Self> {
        let server = shared_postgres()?;
        Some(Self { url: server.database(), file: None, server: Some(server) })
    }

    /// Runs SQL, on PostgreSQL, and returns what it printed.
    pub(crate) fn execute(&self, sql: &str) -> String {
        self.try_execute(sql).unwrap()
    }

    /// The same; the error is what it said.
    pub(crate) fn try_execute(&self, sql: &str) -> Result<String, String> {
        self.server.as_ref().unwrap().execute(&self.url, sql)
    }

    /// A replica on it, ready.
    pub(crate) fn api(&self) -> Service {
        crate::api(&[("DATABASE_URL", &self.url)])
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ =
                self.file.as_ref().map(|file| std::fs::remove_file(format!("{}{suffix}", file.display())));
        }
    }
}

/// One server for all the tests that only want a database: it goes with the last of them.
fn shared_postgres() -> Option<Arc<Postgres>> {
    static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = Arc::new(Postgres::start()?);
    *shared = Arc::downgrade(&server);
    Some(server)
}

/// Makes each function a test on both databases.
macro_rules! on_both {
    ($($test:ident,)*) => {
        mod on_sqlite {
            $(#[test] fn $test() { super::$test(&crate::stores::Store::sqlite().unwrap()); })*
        }
        mod on_postgres {
            $(#[test] fn $test() {
                if let Some(store) = crate::stores::Store::postgres() {
                    super::$test(&store);
                }
            })*
        }
    };
}
pub(crate) use on_both;
