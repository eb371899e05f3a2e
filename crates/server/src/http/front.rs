//! What every request passes first: the rule of hosts, then the way to whoever answers it.
//!
//! Pushes and the Socket.IO path come by the thousands a second, and a router with its layers costs two thirds of what the
//! call itself does here: they are told by their path alone. Everything else is the router's.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
    response::{IntoResponse as _, Response},
};
use tower::Service;

use super::{Api, sync};
use crate::listen::PacedBody;

/// The HTTP half as one service.
#[derive(Clone)]
pub struct Front {
    api: Arc<Api>,
    routes: Router,
}

impl Front {
    pub(super) fn new(api: Arc<Api>, routes: Router) -> Self {
        Self { api, routes }
    }
}

impl Service<Request<PacedBody>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Routes are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<PacedBody>) -> Self::Future {
        if let Err(refused) = self.api.gate.check(request.headers()) {
            return Box::pin(async { Ok(refused.into_response()) });
        }
        let is_post = *request.method() == Method::POST;
        match request.uri().path() {
            sync::PUSH_PATH if is_post => {
                let api = Arc::clone(&self.api);
                Box::pin(async move { Ok(sync::push(&api, request).await.into_response()) })
            }
            "/socket.io/" => {
                let engine = Arc::clone(&self.api.engine);
                Box::pin(async move { Ok(engine.serve(request).await.map(Body::new)) })
            }
            _ => Box::pin(self.routes.call(request)),
        }
    }
}
