pub mod api;
pub mod audit;
pub mod bundle;
pub mod declaration;
pub mod describe;
#[cfg(test)]
mod fixture;
pub mod http;
pub mod metrics;
pub mod page;
pub mod sign;
pub mod store;
pub mod topology;
