pub mod audit;
pub mod bundle;
pub mod declaration;
pub mod describe;
pub mod sign;
pub mod store;
pub mod topology;
