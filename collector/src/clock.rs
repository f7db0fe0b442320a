//! The collector's clock: the one that counts for what it receives.

use std::time::{SystemTime, UNIX_EPOCH};

use descriptors::timestamp::Timestamp;

/// Now, in whole seconds. A clock before 1970 reads as 1970: then every report comes from the future and is refused.
pub fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let epoch = Timestamp::from_unix(0);
    epoch.map_or_else(|_| unreachable!("the epoch is a time"), |epoch| epoch.plus_seconds(seconds.cast_signed()))
}
