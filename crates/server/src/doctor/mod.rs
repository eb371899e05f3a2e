//! `tidings doctor`: answers what people ask when a chat misbehaves, by doing what their clients do.
//!
//! A client of its own, over the network, against any server. It changes nothing but the topic `tidings/doctor`, which
//! nobody else reads, and takes away what it wrote there.

mod delivery;
mod endpoint;
mod finding;
pub mod limits;
mod neighbours;
mod socket;
mod transports;

pub use endpoint::{BadAddress, Endpoint};
pub use finding::{Finding, Verdict};

/// What to look at.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The server.
    pub endpoint: Endpoint,
    /// With whose token to push; nothing is pushed without one.
    pub token: Option<String>,
    /// The page whose calls are tried.
    pub origin: Option<String>,
}

impl Examination {
    /// Looks at everything, and tells each finding at once. Answers the worst verdict.
    pub async fn run(&self, tell: impl FnMut(&Finding)) -> Verdict {
        let mut report = Report { tell, worst: Verdict::Ok };
        let endpoint = &self.endpoint;
        // First of all, before connections of our own are counted.
        let (server, health) = neighbours::server(endpoint).await;
        report.add(server);
        let Some(health) = health else { return report.worst };
        let websocket = transports::websocket(endpoint).await;
        let is_open = websocket.verdict == Verdict::Ok;
        report.add(websocket);
        report.add(transports::polling(endpoint).await);
        report.add(transports::upgrade(endpoint).await);
        report.add(health.pages());
        report.add(health.outdated());
        report.add(neighbours::origin(endpoint, self.origin.as_deref()).await);
        match &self.token {
            Some(token) if is_open => delivery::examine(endpoint, token, |finding| report.add(finding)).await,
            Some(_) => {
                report.add(Finding::warning("nothing was pushed, because no WebSocket opens", "Mend that first."))
            }
            None => report.add(Finding::warning(
                "nothing was pushed, because there is no token to push with",
                "Add --data DIR on the server's machine, or --token \"$(tidings token --name doctor)\".",
            )),
        }
        report.worst
    }
}

struct Report<T> {
    tell: T,
    worst: Verdict,
}

impl<T: FnMut(&Finding)> Report<T> {
    fn add(&mut self, finding: Finding) {
        (self.tell)(&finding);
        self.worst = self.worst.max(finding.verdict);
    }
}
