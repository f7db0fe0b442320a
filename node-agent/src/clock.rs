//! The node's wall clock. A claim: the collector's time of receipt is the one that counts.

use std::time::{SystemTime, UNIX_EPOCH};

use descriptors::timestamp::Timestamp;

/// This second. A clock outside the years 1970 to 9999 reads as the nearest of them.
pub fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Timestamp::EPOCH.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}
