//! `GET /api/sync/stream`: server-sent events, fed by the same follower and the same bytes as sockets.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};
use journal::{Filter, Follower, Next, Position, Span};
use parking_lot::Mutex;
use space::{Page, Start};
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    time::Instant,
};

use super::{Api, Refused};
use crate::{
    asker::Asker,
    doorkeeper::Doorkeeper,
    limits::{FILL_BYTES_MAX, STREAM_COMMENT_EVERY, STREAM_PARTS_AHEAD},
    sync::{Running, UpdateEncoder, fanout},
};

/// A stream's follower: the fan-out touches it, the stream's own task serves it.
struct Woken {
    follower: Mutex<Follower>,
    wake: Notify,
}

impl fanout::Outlet for Woken {
    fn serve(&self, first: Position) {
        self.follower.lock().touch(first);
        self.wake.notify_one();
    }
}

/// Opens a stream after a cursor, or from now on.
pub async fn open(
    api: &Api,
    running: Arc<Running>,
    asker: Asker,
    filter: Filter,
    cursor: Option<String>,
) -> Result<Response, Refused> {
    let (space, who, of) = (Arc::clone(&running.space), asker.principal().clone(), filter.clone());
    let start = super::sync::blocking(move || space.start(cursor.as_deref(), &who, &of)).await?;
    let (parts, receiver) = mpsc::channel(STREAM_PARTS_AHEAD);
    let follower = Follower::new(asker.principal().clone(), filter, start.position());
    let feed = Feed {
        encoder: UpdateEncoder::new(&running.name),
        woken: Arc::new(Woken { follower: Mutex::new(follower), wake: Notify::new() }),
        running,
        asker,
        doorkeeper: Arc::clone(&api.doorkeeper),
        draining: api.draining.clone(),
        reads: Arc::clone(api.app.reads()),
        parts,
    };
    tokio::spawn(feed.run(start));
    let mut response = Response::new(Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receiver)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would turn a live stream into a late one.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Feed {
    running: Arc<Running>,
    asker: Asker,
    doorkeeper: Arc<Doorkeeper>,
    draining: tokio::sync::watch::Receiver<bool>,
    /// Catching up shares its bound with sockets.
    reads: Arc<Semaphore>,
    encoder: UpdateEncoder,
    woken: Arc<Woken>,
    parts: mpsc::Sender<Result<Bytes, std::io::Error>>,
}

/// What a look at the tail gave.
enum Look {
    Part(Bytes),
    Idle,
    Store(Position),
}

impl Feed {
    /// Runs until the reader goes, the token ends, or the server stops. The reader comes back by itself.
    async fn run(mut self, start: Start) {
        let handle: fanout::Handle = Arc::clone(&self.woken) as fanout::Handle;
        let filter = self.woken.follower.lock().filter().clone();
        let _seat = self.running.fanout.join(filter, &handle);
        let mut revoked = self.doorkeeper.changes();
        if self.send(greeting(&start)).await.is_err() {
            return;
        }
        let mut comment_at = Instant::now() + STREAM_COMMENT_EVERY;
        while self.asker_is_good() && !*self.draining.borrow() {
            let part = match self.look() {
                Look::Part(part) => part,
                Look::Store(after) => match self.page(after).await {
                    Some(part) => part,
                    None => return,
                },
                Look::Idle => {
                    let ends = self.asker.ends_in(crate::sync::now_ms()).unwrap_or(Duration::MAX);
                    tokio::select! {
                        () = self.woken.wake.notified() => continue,
                        () = tokio::time::sleep(ends) => continue,
                        () = tokio::time::sleep_until(comment_at) => Bytes::from_static(b":\n\n"),
                        changed = revoked.changed() => if changed.is_ok() { continue } else { return },
                        _ = self.draining.changed() => return,
                        () = self.parts.closed() => return,
                    }
                }
            };
            if part.is_empty() {
                continue;
            }
            if self.send(part).await.is_err() {
                return;
            }
            comment_at = Instant::now() + STREAM_COMMENT_EVERY;
        }
    }

    fn asker_is_good(&self) -> bool {
        self.doorkeeper.recheck(&self.asker, crate::sync::now_ms()).is_ok()
    }

    async fn send(&self, part: Bytes) -> Result<(), mpsc::error::SendError<Result<Bytes, std::io::Error>>> {
        self.parts.send(Ok(part)).await
    }

    fn look(&self) -> Look {
        let mut follower = self.woken.follower.lock();
        let tail = self.running.space.tail();
        match follower.next(&tail, FILL_BYTES_MAX) {
            Next::Idle => Look::Idle,
            Next::Store => Look::Store(follower.served()),
            Next::Offer(offer) => {
                let mut part = Vec::new();
                for piece in offer.pieces() {
                    piece.spans.iter().for_each(|span| self.write(piece.bytes, *span, &mut part));
                }
                let messages = offer.messages();
                follower.took(&offer, messages);
                Look::Part(part.into())
            }
        }
    }

    async fn page(&self, after: Position) -> Option<Bytes> {
        let (who, filter) = {
            let follower = self.woken.follower.lock();
            (follower.reader().clone(), follower.filter().clone())
        };
        let _permit = Arc::clone(&self.reads).acquire_owned().await.ok()?;
        self.running.caught_up().await.ok()?;
        let space = Arc::clone(&self.running.space);
        let page: Page = super::sync::blocking(move || space.page(after, space.head(), &who, &filter)).await.ok()?;
        let mut part = Vec::new();
        page.spans.iter().for_each(|span| self.write(&page.bytes, *span, &mut part));
        self.woken.follower.lock().took_page(page.through);
        Some(part.into())
    }

    /// One event: the update as data, the cursor as id.
    fn write(&self, bytes: &Bytes, span: Span, part: &mut Vec<u8>) {
        let outline = self.encoder.outline(span);
        part.extend_from_slice(b"id: ");
        part.extend_from_slice(&bytes[outline.cursor]);
        part.extend_from_slice(b"\ndata: ");
        part.extend_from_slice(&bytes[outline.update]);
        part.extend_from_slice(b"\n\n");
    }
}

/// A comment that opens the stream, the starting cursor as its id, and the reset if there is one.
fn greeting(start: &Start) -> Bytes {
    let cursor = start.cursor().encode();
    match start {
        Start::Reset(reason, _) => {
            format!("event: reset\nid: {cursor}\ndata: {{\"reason\":\"{}\"}}\n\n", reason.as_str()).into()
        }
        // An id without data is remembered by the reader and fires no event.
        Start::Fresh(_) | Start::Resumed(_) => format!("retry: 1000\nid: {cursor}\n\n").into(),
    }
}
