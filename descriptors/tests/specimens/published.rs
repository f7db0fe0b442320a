//! What others published, and tests read: vectors, samples, contexts. It lies beside the project, not in it.

use std::path::{Path, PathBuf};

/// Where that is. `None` when it is absent, after saying so; under `CI=true` that fails the test.
pub(crate) fn find(path: &str) -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(path);
    if place.exists() {
        return Some(place);
    }
    let in_ci = std::env::var("CI").as_deref() == Ok("true");
    assert!(!in_ci, "{} is missing, and CI=true allows no skipping", place.display());
    eprintln!("skipped: {} is not there", place.display());
    None
}
