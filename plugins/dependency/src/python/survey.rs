//! stub
use thymus_sdk::source::Source;
use crate::fault::Fault;
/// x
pub struct Survey;
impl Survey {
    /// x
    pub fn of(_: &Source) -> Self { Self }
    /// x
    pub fn faults(&self) -> Vec<Fault> { Vec::new() }
}
/// Whether
pub fn is_module_at(_module: &str, _path: &str) -> bool { true }
