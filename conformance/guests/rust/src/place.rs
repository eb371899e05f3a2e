//! Where this guest stands: whom it follows, and the one thing that an application must keep, the cursor of what it has dealt
//! with.

use rust_socketio::TransportType;
use serde_json::{Value, json};

pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) transport: TransportType,
    token: Value,
    topic: Value,
    cursor: Option<Value>,
}

impl Place {
    /// The place that the harness tells on the first line.
    pub(crate) fn of(line: &str) -> Self {
        let told: Value = serde_json::from_str(line).expect("the harness writes JSON");
        let transport = match told["transports"][0].as_str() {
            Some("websocket") => TransportType::Websocket,
            Some("polling") => TransportType::Polling,
            _ => TransportType::Any,
        };
        let url = told["url"].as_str().expect("the harness says where").to_owned();
        Self { url, transport, token: told["token"].clone(), topic: told["topic"].clone(), cursor: None }
    }

    /// What the next connection says: never a cursor of something that was not dealt with.
    pub(crate) fn auth(&self) -> Value {
        say(json!({ "event": "connecting", "cursor": self.cursor }));
        let mut auth = json!({ "token": self.token, "topics": [self.topic] });
        if let Some(cursor) = &self.cursor {
            auth["cursor"] = cursor.clone();
        }
        auth
    }

    /// Deals with an event, and only then keeps its cursor.
    pub(crate) fn take(&mut self, name: &str, arguments: &[Value]) {
        let (Some(about), Some(cursor)) = (arguments.first(), arguments.last()) else { return };
        let mut line = json!({ "event": name, "cursor": cursor });
        match name {
            "connected" => line["resumed"] = about["resumed"].clone(),
            "sync_update" => line["update"] = about.clone(),
            "reset" => line["reason"] = about["reason"].clone(),
            _ => {}
        }
        say(line);
        self.cursor = Some(cursor.clone());
    }
}

/// A line to the harness.
pub(crate) fn say(line: Value) {
    println!("{line}");
}
