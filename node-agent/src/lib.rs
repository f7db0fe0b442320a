pub mod clock;
pub mod enrol;
pub mod key;
pub mod report;
pub mod retry;
pub mod run;
pub mod spool;
pub mod state;

mod cause;
mod connect;
