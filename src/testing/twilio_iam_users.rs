//! The SCIM users of the fake of Twilio Organizations.

use serde_json::{Value, json};

use super::message::{Request, Response, filled};
use super::twilio::{counted_sid, more_info};

/// The type of SCIM's bodies, errors included.
pub(super) const SCIM: &str = "application/scim+json";
const WHEN: &str = "2023-11-30T14:18:57.031225338Z";

/// A response, or a refusal.
type Outcome = Result<Response, Response>;

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

    pub(super) fn respond(
        &mut self,
        organization: &str,
        path: &[&str],
        request: &Request,
    ) -> Response {
        let outcome =
            match (request.method.as_str(), path) {
                ("GET", []) => self.list(organization, request),
                ("POST", []) => self.create(organization, request),
                (_, [sid]) => self.one(organization, sid, request),
                _ => Err(error(404, Some(20404), None, "The requested resource was not found")
                    .unrouted()),
            };
        outcome.unwrap_or_else(|refusal| refusal)
    }

    fn one(&mut self, organization: &str, sid: &str, request: &Request) -> Outcome {
        let is_it =
            |record: &Record| record.organization == organization && record.value["id"] == sid;
        let at = self.records.iter().position(is_it);
        let at = at.ok_or_else(|| error(404, Some(25008), None, "User not found"))?;
        let Record { version, value, .. } = &self.records[at];
        let method = request.method.as_str();
        let current = format!("W/{version}");
        if method != "GET" && request.header("if-match").is_some_and(|wanted| wanted != current) {
            return Err(error(409, Some(25020), None, "The version does not match"));
        }
        let mut new = match method {
            "GET" => return Ok(Response::typed(200, SCIM, value)),
            "PUT" => checked(body(request)?)?,
            "PATCH" => checked(patched(value.clone(), &body(request)?)?)?,
            "DELETE" => {
                let mut new = value.clone();
                new["active"] = false.into();
                new
            }
            _ => return Err(error(405, None, None, "The method is not allowed").unrouted()),
        };
        self.check_unique(organization, &new, Some(at))?;
        let record = &mut self.records[at];
        record.version += 1;
        new["id"] = record.value["id"].take();
        new["meta"] = meta(record.version);
        record.value = new;
        Ok(match method {
            "DELETE" => Response::new(204),
            _ => Response::typed(200, SCIM, &record.value),
        })
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
    fn check_unique(
        &self,
        organization: &str,
        new: &Value,
        own: Option<usize>,
    ) -> Result<(), Response> {
        let is_other =
            |at: usize, other: &Record| Some(at) != own && other.organization == organization;
        for (at, other) in self.records.iter().enumerate() {
            for attribute in ["userName", "externalId"] {
                let text = |user| filled(user, attribute).map(str::to_lowercase);
                let taken = text(new).is_some() && text(new) == text(&other.value);
                if taken && is_other(at, other) {
                    let detail = format!("{attribute} already exists");
                    return Err(error(409, Some(25022), Some("uniqueness"), &detail));
                }
            }
        }
        Ok(())
    }

    fn list(&self, organization: &str, request: &Request) -> Outcome {
        let invalid = || error(400, Some(25001), Some("invalidFilter"), "Invalid filter");
        let wanted = request.query("filter").map(|text| filter(&text).ok_or_else(invalid));
        let wanted = wanted.transpose()?;
        let own = self.records.iter().filter(|record| record.organization == organization);
        let found: Vec<&Value> = own
            .map(|record| &record.value)
            .filter(|value| match &wanted {
                None => true,
                Some((attribute, wanted)) => filled(value, attribute) == Some(wanted),
            })
            .collect();
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
    let typed = request.is_type("application/json") || request.is_type(SCIM);
    let value: Option<Value> = serde_json::from_slice(&request.body).ok();
    value
        .filter(|value| typed && value.is_object())
        .ok_or_else(|| error(400, None, Some("invalidSyntax"), "The body must be a JSON object"))
}

/// Returns the user if it follows the rules.
fn checked(user: Value) -> Result<Value, Response> {
    let name = filled(&user, "userName").unwrap_or_default();
    if !(2..=255).contains(&name.chars().count()) {
        return Err(error(400, Some(25005), Some("invalidValue"), "Invalid userName"));
    }
    let emails = user["emails"].as_array().into_iter().flatten();
    let mut primary = emails.filter(|email| email["primary"] == true);
    if primary.any(|email| email["value"] != name) {
        let detail = "The primary e-mail address must be the userName";
        return Err(error(400, Some(25014), Some("invalidValue"), detail));
    }
    Ok(user)
}

/// Applies operations at plain paths such as `name.givenName`.
fn patched(mut user: Value, patch: &Value) -> Result<Value, Response> {
    let wrong = |detail| error(400, None, Some("invalidSyntax"), detail);
    let operations = patch["Operations"].as_array().filter(|all| !all.is_empty());
    for operation in operations.ok_or_else(|| wrong("Operations must be given"))? {
        let path = filled(operation, "path").ok_or_else(|| wrong("path must be given"))?;
        let (parents, last) = match path.rsplit_once('.') {
            Some((parents, last)) => (Some(parents), last),
            None => (None, path),
        };
        let mut at = &mut user;
        for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
            if !at[parent].is_object() {
                at[parent] = json!({});
            }
            at = &mut at[parent];
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
