//! stub
use thymus_sdk::{Change, source::Source};
use super::survey::Survey;
use crate::{fault::Fault, notes::Met, repair::Repair};
/// x
pub fn test(_: &Met, _: &Fault, _: &Repair, _: &Survey, _: &Source) -> Option<Change> { None }
