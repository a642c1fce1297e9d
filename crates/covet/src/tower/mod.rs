//! The edges to tower: an app is a service, a layer goes around an app or around routes, and a service is mounted in an
//! app.
//!
//! The pipeline itself is not made of layers, since each costs an allocation or a moved future; what is put around it pays
//! for itself alone.

mod layer;
mod mount;

pub(crate) use layer::Layers;
pub(crate) use mount::mount;

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::{Body, BoxError, Response, Service};

type AnswerFuture = Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send>>;

/// The service that a [layer](crate::App::layer) is put around: the rest of the app.
#[derive(Clone)]
pub struct Next(Arc<dyn Erased>);

/// A service whose type is forgotten.
trait Erased: Send + Sync {
    fn answer(&self, request: http::Request<Body>) -> AnswerFuture;
}

/// A service that is cloned for each request, as tower's are.
struct Cloned<S>(S);

impl Next {
    /// Any service that answers requests.
    pub(crate) fn new<S, B>(service: S) -> Self
    where
        S: tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Next(Arc::new(Cloned(service)))
    }

    pub(crate) fn answer(&self, request: http::Request<Body>) -> AnswerFuture {
        self.0.answer(request)
    }
}

impl<S, B> Erased for Cloned<S>
where
    S: tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn answer(&self, request: http::Request<Body>) -> AnswerFuture {
        let mut service = self.0.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            let response = service.call(request).await.map_err(Into::into)?;
            Ok(response.map(Body::from_http))
        })
    }
}

/// The body may be of another type than the app's, since layers wrap bodies.
impl<B> tower_service::Service<http::Request<B>> for Next
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = BoxError;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> AnswerFuture {
        self.0.answer(request.map(Body::from_http))
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// An app under any server that speaks tower, and within any test that does.
impl<B> tower_service::Service<http::Request<B>> for Service
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let service = self.clone();
        let request = request.map(Body::from_http);
        Box::pin(async move { Ok(Service::call(&service, request).await) })
    }
}
