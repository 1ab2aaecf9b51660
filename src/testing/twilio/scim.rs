//! The SCIM users of the fake of Twilio Organizations.

use serde_json::{Value, json};

use super::{counted_sid, more_info};
use crate::testing::message::{Outcome, Request, Response, filled, items};

/// The type of SCIM's bodies, errors included.
pub(super) const SCIM: &str = "application/scim+json";
const WHEN: &str = "2023-11-30T14:18:57.031225338Z";

#[derive(Default)]
pub(super) struct ScimUsers {
    records: Vec<Record>,
}

struct Record {
    organization: String,
    version: u64,
    value: Value,
}

impl ScimUsers {
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.records.iter().map(|record| &record.value)
    }

    /// Responds on the users of an organization.
    pub(super) fn respond(&mut self, of: &str, path: &[&str], request: &Request) -> Outcome {
        let missing = || error(404, Some(20404), None, "The requested resource was not found");
        match (request.method.as_str(), path) {
            ("GET", []) => self.list(of, request),
            ("POST", []) => self.create(of, request),
            (method, [sid]) => self.one(of, sid, method, request),
            _ => Err(missing().unrouted()),
        }
    }

    fn one(&mut self, of: &str, sid: &str, method: &str, request: &Request) -> Outcome {
        let is_it = |record: &Record| record.organization == of && record.value["id"] == sid;
        let at = self.records.iter().position(is_it);
        let at = at.ok_or_else(|| error(404, Some(25008), None, "User not found"))?;
        let Record { version, value, .. } = &self.records[at];
        let current = format!("W/{version}");
        if method != "GET" && request.header("if-match").is_some_and(|wanted| wanted != current) {
            return Err(error(409, Some(25020), None, "The version does not match"));
        }
        let mut new = match method {
            "GET" => return Ok(Response::typed(200, SCIM, value)),
            "PUT" => checked(body(request)?)?,
            "PATCH" => checked(patched(value.clone(), &body(request)?)?)?,
            "DELETE" => value.clone(),
            _ => return Err(error(405, None, None, "The method is not allowed").unrouted()),
        };
        self.check_unique(of, &new, Some(at))?;
        let record = &mut self.records[at];
        record.version += 1;
        new["id"] = record.value["id"].take();
        new["meta"] = meta(record.version);
        record.value = new;
        if method == "DELETE" {
            record.value["active"] = false.into();
            return Ok(Response::new(204));
        }
        Ok(Response::typed(200, SCIM, &record.value))
    }

    fn create(&mut self, organization: &str, request: &Request) -> Outcome {
        let mut value = checked(body(request)?)?;
        if value["emails"].as_array().is_none_or(Vec::is_empty) {
            return Err(error(400, None, Some("invalidValue"), "emails must be given"));
        }
        self.check_unique(organization, &value, None)?;
        value["id"] = counted_sid("US", self.records.len() + 1).into();
        value["meta"] = meta(1);
        if value.get("active").is_none() {
            value["active"] = true.into();
        }
        let response = Response::typed(201, SCIM, &value);
        self.records.push(Record { organization: organization.to_owned(), version: 1, value });
        Ok(response)
    }

    /// Refuses a name or an external id that another user has.
    fn check_unique(&self, of: &str, new: &Value, own: Option<usize>) -> Result<(), Response> {
        for attribute in ["userName", "externalId"] {
            let text = |user| filled(user, attribute).map(str::to_lowercase);
            let is_taken = self.records.iter().enumerate().any(|(at, other)| {
                Some(at) != own
                    && other.organization == of
                    && text(new).is_some_and(|new| text(&other.value) == Some(new))
            });
            if is_taken {
                let detail = format!("{attribute} already exists");
                return Err(error(409, Some(25022), Some("uniqueness"), &detail));
            }
        }
        Ok(())
    }

    fn list(&self, organization: &str, request: &Request) -> Outcome {
        let invalid = || error(400, Some(25001), Some("invalidFilter"), "Invalid filter");
        let wanted = request.query("filter").map(|text| filter(&text).ok_or_else(invalid));
        let wanted = wanted.transpose()?;
        let is_wanted = |value: &&Value| {
            let wanted = wanted.as_ref();
            wanted.is_none_or(|(attribute, wanted)| filled(value, attribute) == Some(wanted))
        };
        let own = self.records.iter().filter(|record| record.organization == organization);
        let found: Vec<_> = own.map(|record| &record.value).filter(is_wanted).collect();
        let body = json!({
            "Resources": found,
            "totalResults": found.len(),
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        });
        Ok(Response::typed(200, SCIM, &body))
    }
}

/// The two filters that the service knows.
fn filter(text: &str) -> Option<(&'static str, String)> {
    let (attribute, value) = text.split_once(" eq ")?;
    let attribute = ["userName", "externalId"].into_iter().find(|known| *known == attribute)?;
    Some((attribute, serde_json::from_str(value).ok()?))
}

fn body(request: &Request) -> Result<Value, Response> {
    let value = request.object_of(&["application/json", SCIM]);
    value.ok_or_else(|| error(400, None, Some("invalidSyntax"), "The body must be a JSON object"))
}

/// Returns the user if it follows the rules.
fn checked(user: Value) -> Result<Value, Response> {
    let name = filled(&user, "userName").unwrap_or_default();
    if !(2..=255).contains(&name.chars().count()) {
        return Err(error(400, Some(25005), Some("invalidValue"), "Invalid userName"));
    }
    let mut emails = items(&user, "emails").iter();
    if emails.any(|email| email["primary"] == true && email["value"] != name) {
        let detail = "The primary e-mail address must be the userName";
        return Err(error(400, Some(25014), Some("invalidValue"), detail));
    }
    Ok(user)
}

/// Applies operations at plain paths such as `name.givenName`.
fn patched(mut user: Value, patch: &Value) -> Result<Value, Response> {
    let wrong = |detail| error(400, None, Some("invalidSyntax"), detail);
    let operations = items(patch, "Operations");
    if operations.is_empty() {
        return Err(wrong("Operations must be given"));
    }
    for operation in operations {
        let path = filled(operation, "path").ok_or_else(|| wrong("path must be given"))?;
        let (mut at, mut last) = (&mut user, path);
        while let Some((parent, rest)) = last.split_once('.') {
            if !at[parent].is_object() {
                at[parent] = json!({});
            }
            (at, last) = (&mut at[parent], rest);
        }
        let value = operation.get("value").cloned();
        match (filled(operation, "op").map(str::to_ascii_lowercase).as_deref(), value) {
            (Some("add"), Some(Value::Array(mut more))) if at[last].is_array() => {
                at[last].as_array_mut().into_iter().for_each(|old| old.append(&mut more));
            }
            (Some("add" | "replace"), Some(value)) => at[last] = value,
            (Some("remove"), _) => {
                at.as_object_mut().and_then(|object| object.remove(last));
            }
            _ => return Err(wrong("Invalid operation")),
        }
    }
    Ok(user)
}

fn meta(version: u64) -> Value {
    json!({
        "resourceType": "user",
        "created": WHEN,
        "lastModified": WHEN,
        "version": format!("W/{version}"),
    })
}

/// Returns a SCIM error: the status is text, and there is no `message`. Both versions have it.
pub(super) fn error(
    status: u16,
    code: Option<i64>,
    scim_type: Option<&str>,
    detail: &str,
) -> Response {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": detail,
        "status": status.to_string(),
    });
    if let Some(scim_type) = scim_type {
        body["scimType"] = scim_type.into();
    }
    if let Some(code) = code {
        body["code"] = code.into();
        body["moreInfo"] = more_info(code).into();
    }
    Response::typed(status, SCIM, &body)
}
