pub mod declaration;
pub mod sign;
pub mod store;
