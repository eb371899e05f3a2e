//! The bare HTTP answer: the HTTP stack of our server, hyper on tokio with its defaults, that reads a push and says success.

use std::{convert::Infallible, net::Ipv4Addr};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// As long as the receipt of a push.
const ANSWER: &[u8] = br#"{"success":true,"message":"Pushed.","position":1234567,"seq":123456,"cursor":"AAAAAAAAAAAAAAAAAAAAAAA","duplicate":false}"#;

/// Serves on that port until the process is ended.
///
/// # Errors
/// The port is taken.
pub(crate) fn serve_echo(port: u16) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(serve(stream));
        }
    })
}

async fn serve(stream: TcpStream) {
    // A connection that breaks off concerns nobody else.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // Who does not send the whole body gets the same answer.
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(Bytes::from_static(ANSWER))))
}
