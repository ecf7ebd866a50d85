//! Watches the fault files. They are read again and again, not watched by inotify: the kubelet replaces a mounted
//! `ConfigMap` by swapping a symlink of a parent folder, which a watch on the file never sees.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::Faults;
use super::document::{self, Stated};

/// A change is seen twice, half a second apart, before it is applied: within 2 s, and never half written.
const INTERVAL: Duration = Duration::from_millis(500);

/// A `ConfigMap` holds at most 1 MiB.
const MAX_BYTES: u64 = 1 << 20;

/// The files of a service, the first of which has the first word.
pub(crate) struct Files {
    faults: Faults,
    files: Vec<File>,
}

struct File {
    path: PathBuf,
    seen: Content,
    applied: Content,
    /// The last rules that were no mistake.
    rules: Vec<Stated>,
    valid: bool,
}

type Content = Result<String, String>;

impl Files {
    /// Reads them for the first time.
    pub(crate) async fn read(faults: Faults, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut files = Vec::new();
        for path in paths {
            let content = read(&path).await;
            let mut file = File {
                path,
                seen: content.clone(),
                applied: Ok(String::new()),
                rules: Vec::new(),
                valid: false,
            };
            file.apply(content);
            files.push(file);
        }
        let files = Self { faults, files };
        if !files.files.is_empty() {
            files.put_in_force();
        }
        files
    }

    /// Reads them again and again for ever, if there are any.
    pub(crate) async fn watch(mut self) {
        while !self.files.is_empty() {
            tokio::time::sleep(INTERVAL).await;
            let (mut changed, mut refused) = (false, false);
            for file in &mut self.files {
                let content = read(&file.path).await;
                // Refused content is remembered too: it is said once, not twice a second.
                if content == file.seen && content != file.applied {
                    file.apply(content.clone());
                    changed |= file.valid;
                    refused |= !file.valid;
                }
                file.seen = content;
            }
            // A file that is refused changes nothing, also not what a request has put in force.
            match changed {
                true => self.put_in_force(),
                false if refused => self.faults.refuse(),
                false => {}
            }
        }
    }

    fn put_in_force(&self) {
        let rules = self.files.iter().flat_map(|file| file.rules.iter().cloned()).collect();
        self.faults.put_in_force(rules, self.files.iter().all(|file| file.valid));
    }
}

impl File {
    fn apply(&mut self, content: Content) {
        let path = self.path.display();
        let rules = content.as_ref().map_err(Clone::clone).and_then(|text| document::of_file(text));
        self.valid = rules.is_ok();
        match rules {
            Ok(rules) => {
                tracing::info!(%path, rules = rules.len(), "fault rules loaded");
                self.rules = rules;
            }
            Err(reason) => {
                let rules = self.rules.len();
                tracing::error!(%path, reason, rules, "fault rules refused: those before, if any, stay in force");
            }
        }
        self.applied = content;
    }
}

async fn read(path: &Path) -> Content {
    let read = async {
        let mut text = String::new();
        // Opening a pipe would wait for its writer.
        if !tokio::fs::metadata(path).await?.is_file() {
            return Err(std::io::Error::other("it is no regular file"));
        }
        let file = tokio::fs::File::open(path).await?;
        file.take(MAX_BYTES + 1).read_to_string(&mut text).await?;
        Ok::<_, std::io::Error>(text)
    };
    let text = read.await.map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_BYTES { Err(format!("larger than {MAX_BYTES} bytes")) } else { Ok(text) }
}
