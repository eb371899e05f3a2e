//! What the machine itself allows, measured in the same run as the servers: a commit, an HTTP answer, a system call. Rows
//! of the table are relative to these.

mod alone;
mod commit;
mod echo;
mod write;

pub(crate) use alone::Alone;
pub(crate) use commit::Commit;
pub(crate) use echo::serve_echo;
pub(crate) use write::Write;
