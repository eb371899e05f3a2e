//! Bad input, over HTTP and over a socket's `push`: a clear refusal, nothing written, and nobody else disturbed.

use serde_json::{Value, json};

use crate::rig::{Ask, SECRET, Site, Socket, claims_token, patient, token};

/// A server with a well-behaved client, which must never notice anything.
struct Stage {
    site: Site,
    bystander: Socket,
    pushes: u64,
}

impl Stage {
    async fn set(toml: &str) -> Self {
        let site = Site::dev(toml).await;
        let bystander = site.socket(json!({ "token": token("good", "member"), "topics": ["fine"] })).await;
        Self { site, bystander, pushes: 0 }
    }

    /// The bystander's push is taken and comes back, and the refused ones have left no trace.
    async fn is_undisturbed(&mut self) {
        self.pushes += 1;
        let body = json!({ "type": "fine", "action": "add", "data": { "id": self.pushes } });
        let ack = patient(self.bystander.push(&body)).await.expect("the bystander's connection lives");
        assert_eq!(ack["seq"], json!(self.pushes), "{ack}");
        let update = patient(self.bystander.update()).await.expect("the bystander's connection lives");
        assert_eq!(update.body["data"]["id"], json!(self.pushes));
    }

    /// The same push by HTTP and by socket; both must be refused with this code.
    async fn refuses(&mut self, who: &str, push: &str, status: u16, code: &str) {
        let ask = Ask::new("POST", "/api/sync/push").header("Content-Type", "application/json").body(push);
        let answer = self.site.ask(&ask.token(&token(who, "member"))).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{push}");
        let mut socket = self.site.socket(json!({ "token": token(who, "member"), "topics": [] })).await;
        let ack = patient(socket.ask_raw("push", push)).await.expect("a refusal leaves the socket open");
        assert_eq!(ack["code"], json!(code), "{push}");
        assert!(ack["error"].as_str().is_some_and(|sentence| sentence.contains(' ')), "{ack}");
        let ack = patient(socket.ask("no-such-event", &json!(1))).await.expect("a refusal leaves the socket open");
        assert_eq!(ack["code"], json!("unknown_event"));
        self.is_undisturbed().await;
    }

    /// Bytes that are no event at all: HTTP refuses them, and a socket that sends them is closed.
    async fn refuses_bytes(&mut self, push: &[u8], status: u16, code: &str) {
        let ask = Ask::new("POST", "/api/sync/push").header("Content-Type", "application/json").body(push);
        let answer = self.site.ask(&ask.token(&token("ann", "member"))).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()));
        let mut socket = self.site.socket(json!({ "token": token("ann", "member"), "topics": [] })).await;
        let packet = [br#"421["push","#, push, b"]"].concat();
        // The server may close while we still write.
        let _ = patient(socket.frame(wire::websocket::Opcode::Text, &packet)).await;
        assert!(patient(socket.next()).await.is_err(), "the socket is closed");
        self.is_undisturbed().await;
    }

    async fn nothing_was_written(&self) {
        let data = self.site.get("/api/sync/data").await.json();
        let topics: Vec<_> = data.as_object().unwrap().keys().collect();
        assert_eq!(topics, ["fine"], "{data}");
    }
}

fn add(data: &str) -> String {
    format!(r#"{{"type":"t","action":"add","data":{data}}}"#)
}

#[tokio::test]
async fn deep_json_is_refused() {
    let mut stage = Stage::set("").await;
    for depth in [129, 400_000] {
        let deep = format!(r#"{{"id":1,"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        stage.refuses("ann", &add(&deep), 400, "bad_json").await;
    }
    stage.nothing_was_written().await;
    let fits = format!(r#"{{"id":1,"a":{}{}}}"#, "[".repeat(126), "]".repeat(126));
    let ask = Ask::new("POST", "/api/sync/push").header("Content-Type", "application/json").body(add(&fits));
    assert_eq!(stage.site.ask(&ask.token(&token("ann", "member"))).await.status, 200);
}

#[tokio::test]
async fn duplicate_keys_are_refused() {
    let mut stage = Stage::set("").await;
    for push in [
        add(r#"{"id":1,"id":2}"#),
        add(r#"{"id":1,"a":{"b":1,"\u0062":2}}"#),
        r#"{"type":"t","type":"u","action":"add","data":{"id":1}}"#.to_owned(),
    ] {
        stage.refuses("ann", &push, 400, "bad_json").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn the_key_proto_is_refused() {
    let mut stage = Stage::set("").await;
    for data in [r#"{"id":1,"__proto__":{"admin":true}}"#, r#"{"id":1,"a":[{"\u005f_proto__":1}]}"#] {
        stage.refuses("ann", &add(data), 400, "bad_json").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn lone_surrogates_are_refused() {
    let mut stage = Stage::set("").await;
    for data in [r#"{"id":"\ud800"}"#, r#"{"id":1,"a":"\udc00x"}"#, r#"{"id":1,"\ud83d":1}"#] {
        stage.refuses("ann", &add(data), 400, "bad_json").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn invalid_utf8_is_refused() {
    let mut stage = Stage::set("").await;
    for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"] {
        let push = [br#"{"type":"t","action":"add","data":{"id":""#, bytes, br#""}}"#].concat();
        stage.refuses_bytes(&push, 400, "bad_json").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let mut stage = Stage::set("").await;
    for push in ["", "{", r#"{"type":"t",}"#, "nonsense", "{}{}"] {
        let ask = Ask::new("POST", "/api/sync/push").header("Content-Type", "application/json").body(push);
        let answer = stage.site.ask(&ask.token(&token("ann", "member"))).await;
        assert_eq!(answer.refusal(), (400, "bad_json".to_owned()), "{push}");
    }
    stage.refuses("ann", &add(r#"{"id":1,"a":1e400}"#), 400, "bad_json").await;
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn a_push_that_is_no_object_is_refused() {
    let mut stage = Stage::set("").await;
    for push in ["null", "[]", "7", r#""text""#, "{}"] {
        stage.refuses("ann", push, 400, "bad_topic").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn a_wrong_action_is_refused() {
    let mut stage = Stage::set("").await;
    for action in [r#""replace""#, r#""ADD""#, r#""""#, "null", "7", r#""__proto__""#] {
        let push = format!(r#"{{"type":"t","action":{action},"data":{{"id":1}}}}"#);
        stage.refuses("ann", &push, 400, "unknown_action").await;
    }
    stage.refuses("ann", r#"{"type":"t","data":{"id":1}}"#, 400, "unknown_action").await;
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn data_that_does_not_fit_the_action_is_refused() {
    let mut stage = Stage::set("").await;
    for data in ["null", "[]", "[1]", "7", r#""text""#, "true"] {
        stage.refuses("ann", &add(data), 400, "bad_data").await;
    }
    stage.refuses("ann", r#"{"type":"t","action":"update"}"#, 400, "bad_data").await;
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn an_item_without_an_id_is_refused() {
    let mut stage = Stage::set("").await;
    stage.refuses("ann", &add("{}"), 400, "missing_id").await;
    stage.refuses("ann", r#"{"type":"t","action":"delete","data":{}}"#, 400, "missing_id").await;
    stage.refuses("ann", r#"{"type":"fine","action":"update","data":{"text":1}}"#, 400, "missing_id").await;
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn an_id_of_the_wrong_type_or_size_is_refused() {
    let mut stage = Stage::set("").await;
    let long = format!(r#""{}""#, "x".repeat(129));
    for id in ["null", "true", "1.5", "3.0", "1e3", "9007199254740992", "{}", "[1]", r#""""#, &long] {
        stage.refuses("ann", &add(&format!(r#"{{"id":{id}}}"#)), 400, "bad_id").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn a_topic_name_out_of_bounds_is_refused() {
    let mut stage = Stage::set("").await;
    let long = format!(r#""{}""#, "x".repeat(129));
    for name in
        [r#""""#, r#"".a""#, r#""/a""#, r#""a b""#, r#""ä""#, r#""__proto__""#, r#""a\u0000""#, "7", "null", &long]
    {
        let push = format!(r#"{{"type":{name},"action":"add","data":{{"id":1}}}}"#);
        stage.refuses("ann", &push, 400, "bad_topic").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn a_key_of_the_wrong_type_or_size_is_refused() {
    let mut stage = Stage::set("").await;
    let long = format!(r#""{}""#, "x".repeat(129));
    for key in ["7", "{}", r#""""#, r#""a\u0000b""#, &long] {
        let push = format!(r#"{{"type":"t","action":"add","data":{{"id":1}},"key":{key}}}"#);
        stage.refuses("ann", &push, 400, "bad_key").await;
    }
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn an_add_of_somebody_elses_id_is_refused() {
    let mut stage = Stage::set("").await;
    stage.site.added("fine2", json!({ "id": "hers", "text": "a" })).await;
    let push = r#"{"type":"fine2","action":"add","data":{"id":"hers","text":"b"}}"#;
    stage.refuses("bob", push, 409, "id_taken").await;
    assert_eq!(stage.site.get("/api/sync/fine2").await.text(), r#"[{"id":"hers","text":"a"}]"#);
}

#[tokio::test]
async fn a_change_of_somebody_elses_item_is_refused_under_the_author_rule() {
    let mut stage = Stage::set("[topics.notes]\nwrite = \"author\"").await;
    stage.site.added("notes", json!({ "id": "hers", "text": "a" })).await;
    for action in ["update", "patch", "delete"] {
        let push = format!(r#"{{"type":"notes","action":"{action}","data":{{"id":"hers","text":"b"}}}}"#);
        stage.refuses("bob", &push, 403, "forbidden").await;
    }
    assert_eq!(stage.site.get("/api/sync/notes").await.text(), r#"[{"id":"hers","text":"a"}]"#);
    let body = json!({ "type": "notes", "action": "update", "data": { "id": "hers", "text": "c" } });
    assert_eq!(stage.site.push_as(&token("root", "admin"), &body).await.status, 200);
    stage.site.pushed(json!({ "type": "notes", "action": "delete", "data": { "id": "hers" } })).await;
}

#[tokio::test]
async fn nobody_pushes_without_a_token() {
    let mut stage = Stage::set("").await;
    let body = json!({ "type": "t", "action": "add", "data": { "id": 1 } });
    assert_eq!(stage.site.ask(&Ask::push(&body)).await.refusal(), (401, "unauthorized".to_owned()));
    let mut socket = stage.site.socket(json!({})).await;
    assert_eq!(patient(socket.push(&body)).await.unwrap()["code"], json!("unauthorized"));
    stage.is_undisturbed().await;
    stage.nothing_was_written().await;
}

/// Tokens that are not good, and the code that says why.
fn bad_tokens() -> Vec<(String, &'static str)> {
    let good = token("ann", "member");
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (_, claims) = head.split_once('.').unwrap();
    let b64 = |json: &Value| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string())
    };
    let admin = b64(&json!({ "sub": "ann", "role": "admin" }));
    vec![
        (claims_token(&json!({ "sub": "ann", "role": "admin" }), "another secret of more than 32 bytes"), "bad_token"),
        (format!("{}.{admin}.", b64(&json!({ "alg": "none", "typ": "JWT" }))), "bad_token"),
        (format!("{}.{claims}.{signature}", b64(&json!({ "alg": "none", "typ": "JWT" }))), "bad_token"),
        (format!("{}.{admin}.{signature}", b64(&json!({ "alg": "HS256", "typ": "JWT" }))), "bad_token"),
        (format!("{head}."), "bad_token"),
        ("x".to_owned(), "bad_token"),
        ("a.b.c".to_owned(), "bad_token"),
        ("__proto__".to_owned(), "bad_token"),
        (claims_token(&json!({ "sub": "ann", "exp": 1_000_000_000 }), SECRET), "token_expired"),
        (claims_token(&json!({ "role": "admin" }), SECRET), "bad_token"),
        (claims_token(&json!({ "sub": { "$ne": 1 } }), SECRET), "bad_token"),
        (claims_token(&json!({ "sub": "ann", "exp": "never" }), SECRET), "bad_token"),
    ]
}

#[tokio::test]
async fn a_forged_expired_or_unsigned_token_is_refused_everywhere() {
    let mut stage = Stage::set("").await;
    let body = json!({ "type": "t", "action": "add", "data": { "id": 1 } });
    for (bad, code) in bad_tokens() {
        let mut asks = vec![Ask::push(&body)];
        asks.extend(["data", "changes", "stream", "fine"].map(|call| Ask::get(&format!("/api/sync/{call}"))));
        for ask in asks {
            assert_eq!(stage.site.ask(&ask.token(&bad)).await.refusal(), (401, code.to_owned()), "{bad}");
        }
        let (_, answer) =
            patient(Socket::knock(stage.site.address, "default", &json!({ "token": bad }))).await.unwrap();
        let crate::rig::Packet::Refused(refused) = answer else { panic!("{bad}: {answer:?}") };
        assert_eq!(refused["data"]["code"], json!(code), "{bad}");
    }
    for header in ["Basic YTpi", "Bearer", "Bearer ", "x"] {
        let answer = stage.site.ask(&Ask::get("/api/sync/data").header("Authorization", header)).await;
        assert_eq!(answer.refusal(), (401, "bad_token".to_owned()), "{header}");
    }
    stage.is_undisturbed().await;
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn a_token_in_the_url_is_not_looked_at() {
    let site = Site::dev("[topics.secrets]\nread = \"admin\"").await;
    let root = token("root", "admin");
    let body = json!({ "type": "secrets", "action": "add", "data": { "id": 1 } });
    assert_eq!(site.push_as(&root, &body).await.status, 200);
    assert_eq!(site.get(&format!("/api/sync/data?token={root}")).await.text(), "{}");
}

#[tokio::test]
async fn a_payload_that_is_too_large_is_refused_on_every_path() {
    let mut stage = Stage::set("").await;
    let large = add(&format!(r#"{{"id":1,"text":"{}"}}"#, "x".repeat(1_000_000)));
    stage.refuses_bytes(large.as_bytes(), 413, "too_large").await;
    let declared = "POST /api/sync/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 9223372036854775807\r\n\r\n";
    let mut http = stage.site.http().await;
    patient(http.write(declared.as_bytes())).await.unwrap();
    assert_eq!(patient(http.answer()).await.unwrap().refusal(), (413, "too_large".to_owned()), "before a byte of it");
    let mut chunked = stage.site.http().await;
    let head = "POST /api/sync/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    patient(chunked.write(head.as_bytes())).await.unwrap();
    let chunk = format!("186A0\r\n{}\r\n", "x".repeat(100_000));
    for _ in 0..60 {
        // The server may have had enough.
        let _ = patient(chunked.write(chunk.as_bytes())).await;
    }
    assert_eq!(patient(chunked.answer()).await.unwrap().refusal(), (413, "too_large".to_owned()));
    let patched = stage.site.added("fine2", json!({ "id": 1, "a": "x".repeat(600_000) })).await;
    assert_eq!(patched["success"], json!(true));
    let patch = json!({ "type": "fine2", "action": "patch", "data": { "id": 1, "b": "x".repeat(600_000) } });
    stage.refuses("ann", &patch.to_string(), 413, "too_large").await;
}

#[tokio::test]
async fn a_body_that_is_not_called_json_or_is_compressed_is_refused() {
    let mut stage = Stage::set("").await;
    let body = json!({ "type": "t", "action": "add", "data": { "id": 1 } }).to_string();
    let post = || Ask::new("POST", "/api/sync/push").body(body.as_str()).token(&token("ann", "member"));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""] {
        let answer = stage.site.ask(&post().header("Content-Type", kind)).await;
        assert_eq!(answer.refusal(), (415, "unsupported_media_type".to_owned()), "{kind}");
    }
    assert_eq!(stage.site.ask(&post()).await.refusal().0, 415);
    let compressed = post().header("Content-Type", "application/json").header("Content-Encoding", "gzip");
    assert_eq!(stage.site.ask(&compressed).await.refusal(), (415, "unsupported_media_type".to_owned()));
    stage.is_undisturbed().await;
    stage.nothing_was_written().await;
}

#[tokio::test]
async fn binary_parts_and_missing_arguments_of_a_push_are_refused() {
    let mut stage = Stage::set("").await;
    let mut socket = stage.site.socket(json!({ "token": token("ann", "member"), "topics": [] })).await;
    socket.send(r#"421["push"]"#).await.unwrap();
    assert_eq!(patient(socket.answer_to(1)).await.unwrap()["code"], json!("bad_data"));
    socket
        .send(r#"451-2["push",{"type":"t","action":"add","data":{"id":1,"a":{"_placeholder":true,"num":0}}}]"#)
        .await
        .unwrap();
    socket.frame(wire::websocket::Opcode::Binary, b"bytes").await.unwrap();
    assert_eq!(patient(socket.answer_to(2)).await.unwrap()["code"], json!("bad_data"));
    stage.is_undisturbed().await;
    stage.nothing_was_written().await;
}
