//! What healing plugins know of Python: a file and its tree ([`syntax`]), the files around it and who is meant by a name
//! in them ([`project`]), where a value comes from ([`origin`]), code that is put into other code ([`spelling`]), and how
//! the project would test a handler ([`testing`]).
//!
//! It knows nothing of any capability. Files are hostile: what is too large, too deep or no Python is not parsed.

pub mod origin;
pub mod project;
pub mod spelling;
pub mod syntax;
pub mod testing;
