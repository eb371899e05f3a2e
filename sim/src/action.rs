//! Everything that can happen in a world.

use std::rc::Rc;

use journal::{Filter, Position};
use space::{Page, Start};

use crate::{
    client::ClientId,
    network::{ExchangeId, LineId},
    stage::Micros,
};

/// Which life of the server something belongs to: what an earlier one was about to do never happens.
pub(crate) type Life = u64;

/// One thing that happens.
#[derive(Debug)]
pub(crate) enum Action {
    /// Something goes wrong with the machine, or comes right again.
    Chaos,
    /// A server is started on the disk.
    Start,
    /// The server is told to end in order.
    Stop(Life),
    /// The server has something to do.
    Task(Life, Task),
    /// Bytes, or a request, have arrived at the server.
    ServerHears(LineId),
    /// Bytes, or an answer, have arrived at the client.
    ClientHears(LineId),
    /// The server's end of a socket that was full takes more.
    Room(LineId),
    /// The server notices that a line is gone.
    ServerLoses(LineId),
    /// The client notices that a line is gone.
    ClientLoses(LineId),
    /// A line breaks.
    Break(LineId),
    /// A request has arrived at the server.
    Request(ExchangeId),
    /// The client has the answer to a request, or sees that there will be none.
    Answer(ExchangeId),
    /// A client does something by itself.
    Client(ClientId),
    /// The end of chaos: from now on everything goes well.
    Calm,
    /// Whether everybody has settled.
    Look,
}

/// What threads and tasks do in production, each by itself and in any order.
#[derive(Debug)]
pub(crate) enum Task {
    /// The writer takes what waits.
    Write,
    /// The writer, idle, lets the store write its log back.
    Checkpoint,
    /// The projector folds what is new.
    Project,
    /// The filters of the views are loaded.
    LoadFilters,
    /// Acknowledgements are handed to those who wait.
    Answers,
    /// A round of the fan-out begins or goes on.
    Round(usize),
    /// A page is read for a follower that has fallen out of the tail.
    ReadPage(Wanted),
    /// It has been read.
    PageRead(LineId, Position, Option<Box<Page>>),
    /// A cursor is held against the journal.
    FindStart(Box<Entrance>),
    /// Where the follower starts was found.
    Admit(Box<Entrance>, Option<Start>),
    /// A state is taken, or an item of it is read.
    State(ExchangeId, Wait),
    /// A page of changes is read.
    Changes(ExchangeId, Wait),
    /// A deadline of a link has come.
    Timer(LineId),
    /// Idle sockets are given cursors.
    Marks,
    /// A second server tries the same folder.
    Intrude,
}

/// A page that somebody waits for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) line: LineId,
    pub(crate) after: Position,
    /// None before its turn to read has come.
    pub(crate) wait: Option<Wait>,
}

/// Whoever reads the views waits until they have come as far as the head was when it was asked, but not for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) head: Position,
    pub(crate) until: Micros,
}

/// A CONNECT that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    pub(crate) line: LineId,
    pub(crate) user: Option<Rc<str>>,
    pub(crate) filter: Filter,
    /// The process id that the client brought back, if it is one of ours.
    pub(crate) pid: Option<String>,
    pub(crate) cursor: Option<String>,
}
