//! What is around: the server itself, the pages that are connected to it, clients too old for it, and the origins that
//! it lets in.

use http_body_util::Full;
use hyper::{StatusCode, header};

use super::{
    endpoint::{Answer, Endpoint, NoAnswer},
    finding::Finding,
};

/// What the server says about itself.
pub(super) struct Health {
    clients: u64,
    outdated_clients: u64,
}

/// Is a server there? Without one there is nothing else to look at.
pub(super) async fn server(endpoint: &Endpoint) -> (Finding, Option<Health>) {
    let answer = match endpoint.get("/api/health").await {
        Ok(answer) => answer,
        Err(NoAnswer::NoConnection(error)) => return (nobody(endpoint, &error), None),
        Err(error) => {
            let fix = "Check that it is Tidings that listens there, and what it logs.";
            return (Finding::problem(format!("something listens at {endpoint}, but: {error}"), fix), None);
        }
    };
    let health = answer.json();
    let Some(clients) = health["clients"].as_u64() else { return (stranger(endpoint, &answer), None) };
    let version = health["version"].as_str().unwrap_or("of an unknown version");
    let finding = if health["ready"].as_bool() == Some(false) {
        let fix = "It is starting, stopping, or cannot write to its disk: its log says which.";
        Finding::problem(format!("Tidings {version} is at {endpoint}, but takes no pushes"), fix)
    } else {
        Finding::ok(format!("Tidings {version} is at {endpoint}"))
    };
    (finding, Some(Health { clients, outdated_clients: health["outdated_clients"].as_u64().unwrap_or(0) }))
}

fn nobody(endpoint: &Endpoint, error: &std::io::Error) -> Finding {
    let fix = "Start one: tidings serve --dev   (or name another address: tidings doctor http://localhost:3000)";
    Finding::problem(format!("there is no server at {endpoint}: {error}"), fix)
}

fn stranger(endpoint: &Endpoint, answer: &Answer) -> Finding {
    let seen = match answer.json()["code"].as_str() {
        Some(_) => format!("the server at {endpoint} does not answer the doctor: {}", answer.complaint()),
        None => format!("what listens at {endpoint} is not Tidings (its /api/health answers {})", answer.status),
    };
    let fix =
        "Name the address of Tidings itself, as it prints it when it starts: tidings doctor http://localhost:3000";
    Finding::problem(seen, fix)
}

impl Health {
    /// Is any page connected?
    pub(super) fn pages(&self) -> Finding {
        match self.clients {
            0 => Finding::warning(
                "no page or app is connected",
                "Open one. If one is open: does it call connect(), and with this server's address?",
            ),
            1 => Finding::ok("1 page or app is connected"),
            clients => Finding::ok(format!("{clients} pages and apps are connected")),
        }
    }

    /// Do clients knock that speak an older protocol?
    pub(super) fn outdated(&self) -> Finding {
        match self.outdated_clients {
            0 => Finding::ok("no client with an outdated protocol has knocked"),
            count => Finding::problem(
                format!(
                    "clients with an outdated protocol (Engine.IO 3) have knocked {count} times since the server started"
                ),
                "Update them to socket.io-client 4; version 2 cannot connect.",
            ),
        }
    }
}

/// Are pages of this origin let in? Without one, the server's own.
pub(super) async fn origin(endpoint: &Endpoint, origin: Option<&str>) -> Finding {
    let own = endpoint.origin();
    let tried = origin.unwrap_or(&own).trim_end_matches('/');
    match admits(endpoint, tried).await {
        Err(error) => Finding::problem(format!("a page of {tried} gets no answer: {error}"), "See the lines above."),
        Ok(true) if origin.is_some() => Finding::ok(format!("pages of {tried} may call this server")),
        Ok(true) => {
            Finding::ok("its own pages may call it; try those of another address with --origin https://app.example.com")
        }
        Ok(false) => Finding::problem(
            format!("the browser does not let pages of {tried} call this server"),
            format!(
                "Add \"{tried}\" to allowed_origins in tidings.toml and restart; with --dev, only pages of this machine may."
            ),
        ),
    }
}

/// Asks as a browser does before a push, and as it does when it polls.
async fn admits(endpoint: &Endpoint, origin: &str) -> Result<bool, NoAnswer> {
    let preflight = endpoint
        .request("OPTIONS", "/api/sync/push")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
    let preflight = endpoint.send(preflight.body(Full::default())).await?;
    let health = endpoint.request("GET", "/api/health").header(header::ORIGIN, origin);
    let health = endpoint.send(health.body(Full::default())).await?;
    if origin == endpoint.origin() {
        // A browser asks nothing for pages of the server itself; they only must not be refused.
        return Ok(health.status.is_success());
    }
    let is_named = |answer: &Answer| [origin, "*"].contains(&answer.header("access-control-allow-origin"));
    let may_send = preflight.header("access-control-allow-headers").to_ascii_lowercase();
    let passes =
        preflight.status.is_success() && may_send.contains("authorization") && may_send.contains("content-type");
    Ok(passes && is_named(&preflight) && is_named(&health) && health.status != StatusCode::FORBIDDEN)
}
