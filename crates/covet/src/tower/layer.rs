//! Layers around an app or around routes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{AnswerFuture, Erased, Next};
use crate::problem::{INTERNAL, ProblemDetails};
use crate::routing::{Handler, HandlerFuture};
use crate::{Body, BoxError, Request};

/// Layers, the innermost first.
#[derive(Clone, Default)]
pub(crate) struct Layers(Vec<Arc<dyn Fn(Next) -> Next + Send + Sync>>);

impl Layers {
    pub(crate) fn push<L, B>(&mut self, layer: L)
    where
        L: tower_layer::Layer<Next> + Send + Sync + 'static,
        L::Service:
            tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<http::Request<Body>>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<http::Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.0.push(Arc::new(move |next| Next::new(layer.layer(next))));
    }

    /// All of them around a service; `None` where there is none.
    pub(crate) fn around(&self, service: impl FnOnce() -> Next) -> Option<Next> {
        let (first, others) = self.0.split_first()?;
        Some(others.iter().fold(first(service()), |next, layer| layer(next)))
    }

    /// All of them around a handler.
    pub(crate) fn around_handler(&self, handler: &Handler) -> Handler {
        let handler_within = handler.clone();
        match self.around(|| Next(Arc::new(Innermost(handler_within)))) {
            Some(next) => Handler::Service(next),
            None => handler.clone(),
        }
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layers").field(&self.0.len()).finish()
    }
}

/// What a request has beside its head and its body, while layers have it. Extensions are cloned with a request, but a
/// request is handled once.
#[derive(Clone)]
struct Rest(Arc<Mutex<Option<Box<Request>>>>);

/// The handler within the layers.
struct Innermost(Handler);

impl Erased for Innermost {
    fn answer(&self, request: http::Request<Body>) -> AnswerFuture {
        let (mut head, body) = request.into_parts();
        let rest = head.extensions.remove::<Rest>();
        let rest = rest.and_then(|rest| rest.0.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(mut request) = rest else {
            let fault =
                "a layer sent a request on twice, or one that it made itself without the extensions of the first";
            return Box::pin(async move { Err(fault.into()) });
        };
        request.head = head;
        request.body = body;
        let answer = self.0.call(request);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl Next {
    /// Answers a request that has come through the pipeline. An error becomes a problem.
    pub(crate) fn handle(&self, mut request: Box<Request>) -> HandlerFuture {
        let (id, format) = (request.id, crate::negotiation::problem_format(request.headers()));
        let (mut head, body) = request.take_http();
        head.extensions.insert(request.id);
        head.extensions.insert(request.client);
        head.extensions.insert(Rest(Arc::new(Mutex::new(Some(request)))));
        let answer = self.answer(http::Request::from_parts(head, body));
        Box::pin(async move {
            answer.await.unwrap_or_else(|error| ProblemDetails::new(&INTERNAL).cause(error).into_response(id, format))
        })
    }
}

impl Erased for crate::Service {
    fn answer(&self, request: http::Request<Body>) -> AnswerFuture {
        let service = self.clone();
        Box::pin(async move { Ok(service.call(request).await) })
    }
}

impl Next {
    /// A whole app.
    pub(crate) fn app(service: crate::Service) -> Self {
        Next(Arc::new(service))
    }
}
