pub mod declaration;
pub mod store;
