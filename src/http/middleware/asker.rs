//! Records on whose behalf a request runs.

use poem::{Request, Response, Result};

use super::{
    super::{bearer, visitor::Address},
    Layer, Next,
};
use crate::app::asker::Asker;

pub struct OnBehalf;

impl Layer for OnBehalf {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let address = request.data::<Address>().map(|address| address.0);
        let token = bearer::token(&request).map(str::to_owned);
        let asker = Asker { address, token, ..Asker::default() };
        // Boxed, so that a request rejected earlier uses no memory for it.
        asker.ask(Box::pin(next.call(request))).await
    }
}
