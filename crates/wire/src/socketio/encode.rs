//! The encoder. Everything it gives is a complete Engine.IO text packet, from the `4` on, so that a WebSocket frame or a
//! polling payload takes it as it is. JSON comes in encoded and is not looked at.

use super::namespace::Namespace;

/// The packet that accepts a client into a namespace; `json` is an object with at least `sid`.
#[must_use]
pub fn connect(namespace: &Namespace, json: &[u8]) -> Vec<u8> {
    packet(b"40", namespace, &[json])
}

/// The packet that refuses a client for good; `json` is an object with at least `message`.
#[must_use]
pub fn connect_error(namespace: &Namespace, json: &[u8]) -> Vec<u8> {
    packet(b"44", namespace, &[json])
}

/// The packet that ends a client's stay in a namespace. A stock client does not come back after it.
#[must_use]
pub fn disconnect(namespace: &Namespace) -> Vec<u8> {
    packet(b"41", namespace, &[])
}

/// An event up to its arguments, `42["name",` or `42/ns,["name",`: what all events of this name share. `name` must need
/// no escaping in JSON. The arguments and `]` are to follow.
#[must_use]
pub fn event_head(namespace: &Namespace, name: &str) -> Vec<u8> {
    packet(b"42", namespace, &[b"[\"", name.as_bytes(), b"\","])
}

/// An event with its arguments, of which there is at least one: comma-separated JSON. With `id` it asks for an
/// acknowledgement, with `attachments` that many binary messages are to follow.
#[must_use]
pub fn event(namespace: &Namespace, name: &str, arguments: &[u8], id: Option<u64>, attachments: usize) -> Vec<u8> {
    let mut head = head(b'2', b'5', attachments);
    push_namespace(&mut head, namespace);
    if let Some(id) = id {
        head.extend_from_slice(id.to_string().as_bytes());
    }
    let comma: &[u8] = if arguments.is_empty() { b"" } else { b"," };
    for part in [b"[\"", name.as_bytes(), b"\"", comma, arguments, b"]"] {
        head.extend_from_slice(part);
    }
    head
}

/// An acknowledgement up to its arguments: `43` and the id, and `[`. The arguments and `]` are to follow.
#[must_use]
pub fn ack_head(namespace: &Namespace, id: u64) -> Vec<u8> {
    packet(b"43", namespace, &[id.to_string().as_bytes(), b"["])
}

/// An acknowledgement with its arguments, comma-separated JSON; `attachments` binary messages are to follow.
#[must_use]
pub fn ack(namespace: &Namespace, id: u64, arguments: &[u8], attachments: usize) -> Vec<u8> {
    let mut packet = head(b'3', b'6', attachments);
    push_namespace(&mut packet, namespace);
    for part in [id.to_string().as_bytes(), b"[", arguments, b"]"] {
        packet.extend_from_slice(part);
    }
    packet
}

fn head(plain: u8, binary: u8, attachments: usize) -> Vec<u8> {
    if attachments == 0 { vec![b'4', plain] } else { [&[b'4', binary], format!("{attachments}-").as_bytes()].concat() }
}

fn packet(head: &[u8], namespace: &Namespace, parts: &[&[u8]]) -> Vec<u8> {
    let mut packet = head.to_vec();
    push_namespace(&mut packet, namespace);
    for part in parts {
        packet.extend_from_slice(part);
    }
    packet
}

fn push_namespace(packet: &mut Vec<u8>, namespace: &Namespace) {
    if !namespace.is_main() {
        packet.extend_from_slice(namespace.as_str().as_bytes());
        packet.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(packet: Vec<u8>) -> String {
        String::from_utf8(packet).unwrap()
    }

    #[test]
    fn packets_stand_as_the_protocol_writes_them() {
        let (main, custom) = (Namespace::main(), Namespace::new("/custom").unwrap());
        assert_eq!(text(connect(&main, br#"{"sid":"x"}"#)), r#"40{"sid":"x"}"#);
        assert_eq!(text(connect(&custom, br#"{"sid":"x"}"#)), r#"40/custom,{"sid":"x"}"#);
        assert_eq!(text(connect_error(&custom, br#"{"message":"no"}"#)), r#"44/custom,{"message":"no"}"#);
        assert_eq!(text(disconnect(&custom)), "41/custom,");
        assert_eq!(text(event_head(&main, "sync_update")), r#"42["sync_update","#);
        assert_eq!(text(event_head(&custom, "e")), r#"42/custom,["e","#);
        assert_eq!(text(event(&main, "e", b"1,2", None, 0)), r#"42["e",1,2]"#);
        assert_eq!(text(event(&main, "e", b"", Some(7), 0)), r#"427["e"]"#);
        assert_eq!(text(event(&custom, "e", b"1", Some(7), 2)), r#"452-/custom,7["e",1]"#);
        assert_eq!(text(ack(&main, 456, b"1", 0)), "43456[1]");
        assert_eq!(text(ack(&custom, 456, b"", 1)), "461-/custom,456[]");
        assert_eq!(text(ack_head(&custom, 4)), "43/custom,4[");
    }
}
