//! The fakes of Twilio's services, and their common parts.

mod chat;
mod iam;
mod records;
mod scim;

use serde_json::{Value, json};

use super::message::{Request, Response};

pub use chat::TwilioChatFake;
pub use iam::TwilioIamFake;

/// The response to a second identical item. The services' own response is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TwilioDuplicates {
    /// A second one is created: the worse case for a request that is sent twice. The default.
    #[default]
    Accepted,
    /// It is refused with 409.
    Refused,
}

/// Returns a SID that ends in a number.
fn counted_sid(prefix: &str, number: usize) -> String {
    format!("{prefix}{number:032x}")
}

/// Returns a Twilio error body; the name of its link varies.
fn error(link: &str, status: u16, code: i64, message: &str) -> Value {
    let mut body = json!({"code": code, "message": message, "status": status});
    body[link] = more_info(code).into();
    body
}

fn more_info(code: i64) -> String {
    format!("https://www.twilio.com/docs/api/errors/{code}")
}

/// Adds the five headers that Twilio documents on every response, and the id of the request.
fn with_headers(response: Response, request: usize) -> Response {
    response
        .header("Access-Control-Allow-Origin", "*")
        .header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
        .header("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type")
        .header("Access-Control-Allow-Credentials", "true")
        .header("Access-Control-Expose-Headers", "ETag, Twilio-Request-Id")
        .header("Twilio-Request-Id", counted_sid("RQ", request))
}

/// Returns a page of things in the order of their numbers. A page's token is the number of the last
/// thing before it, so that deletions in between neither skip nor repeat anything. The links keep the
/// filters of the request.
///
/// # Errors
/// What is wrong with the parameters.
fn page(
    all: impl Iterator<Item = (usize, Value)>,
    request: &Request,
    key: &str,
    default: usize,
    most: usize,
) -> Result<Response, &'static str> {
    let size = request.number("PageSize", default);
    let size = size.filter(|size| (1..=most).contains(size)).ok_or("PageSize")?;
    let page = request.number("Page", 0).ok_or("Page")?;
    let after = match request.query("PageToken") {
        None if page > 0 => return Err("Page: it needs a PageToken"),
        None => 0,
        Some(token) => {
            token.strip_prefix("PT").and_then(|it| it.parse().ok()).ok_or("PageToken")?
        }
    };
    let mut left: Vec<_> = all.filter(|(number, _)| *number > after).take(size + 1).collect();
    let has_more = left.len() > size;
    left.truncate(size);
    let link = |page: usize, after: usize| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(request.query_pairs().filter(|(name, _)| !name.starts_with("Page")));
        query.append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
        if after > 0 {
            query.append_pair("PageToken", &format!("PT{after}"));
        }
        request.link(&format!("{}?{}", request.path(), query.finish()))
    };
    let next = left.last().filter(|_| has_more);
    let mut body = json!({"meta": {
        "key": key,
        "page": page,
        "page_size": size,
        "first_page_url": link(0, 0),
        "previous_page_url": null,
        "next_page_url": next.map(|(number, _)| link(page.saturating_add(1), *number)),
        "url": link(page, after),
    }});
    body[key] = left.into_iter().map(|(_, value)| value).collect();
    Ok(Response::json(200, &body))
}
