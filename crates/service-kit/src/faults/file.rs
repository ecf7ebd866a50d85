//! Watches the fault file. It is read again and again, not watched by inotify: the kubelet replaces a mounted
//! `ConfigMap` by swapping a symlink of a parent folder, which a watch on the file never sees.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::Faults;

/// A change is seen twice, half a second apart, before it is applied: within 2 s, and never half written.
const INTERVAL: Duration = Duration::from_millis(500);

/// A `ConfigMap` holds at most 1 MiB.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the file at once, then again and again for ever.
pub(crate) async fn watch(faults: Faults, path: PathBuf) {
    // Until they have been read.
    faults.0.valid.set(0);
    let mut applied = read(&path).await;
    apply(&faults, &path, &applied);
    let mut seen = applied.clone();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let content = read(&path).await;
        if content == seen && content != applied {
            // Refused content is remembered too: it is said once, not twice a second.
            apply(&faults, &path, &content);
            applied.clone_from(&content);
        }
        seen = content;
    }
}

fn apply(faults: &Faults, path: &Path, content: &Result<String, String>) {
    match content.clone().and_then(|text| faults.load(&text)) {
        Ok(()) => tracing::info!(path = %path.display(), "fault rules loaded"),
        Err(reason) => {
            faults.0.valid.set(0);
            tracing::error!(path = %path.display(), reason, rules = faults.0.rules.load().len(), "fault rules refused: those before, if any, stay in force");
        }
    }
}

async fn read(path: &Path) -> Result<String, String> {
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
