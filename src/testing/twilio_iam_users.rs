//! The SCIM users of the fake of Twilio Organizations.

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{answer, counted_sid, filled, header, is_type};

/// The type of SCIM's bodies, errors included.
const SCIM: &str = "application/scim+json";
const WHEN: &str = "2023-11-30T14:18:57.031225338Z";

#[derive(Default)]
pub(super) struct ScimUsers {
    held: Vec<ScimUser>,
    made: usize,
}

struct ScimUser {
    organization: String,
    version: u64,
    value: Value,
}

impl ScimUsers {
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.held.iter().map(|held| &held.value)
    }

    pub(super) fn respond(
        &mut self,
        method: &str,
        organization: &str,
        path: &[&str],
        request: &Request,
    ) -> ResponseTemplate {
        let done = match (method, path) {
            ("GET", []) => self.list(organization, request),
            ("POST", []) => self.create(organization, request),
            (_, [sid]) => match self.position(organization, sid) {
                Some(at) => self.one(method, at, request),
                None => Err(error(404, Some(25008), None, "User not found")),
            },
            _ => Err(error(404, Some(20404), None, "The requested resource was not found")),
        };
        done.unwrap_or_else(|refused| refused.answer())
    }

    fn position(&self, organization: &str, sid: &str) -> Option<usize> {
        let is_it = |held: &ScimUser| held.organization == organization && held.value["id"] == sid;
        self.held.iter().position(is_it)
    }

    fn one(
        &mut self,
        method: &str,
        at: usize,
        request: &Request,
    ) -> Result<ResponseTemplate, Refused> {
        if method == "GET" {
            return Ok(answer(200, SCIM, &self.held[at].value));
        }
        let current = format!("W/{}", self.held[at].version);
        if header(request, "if-match").is_some_and(|version| version != current) {
            return Err(error(409, Some(25020), None, "The version does not match"));
        }
        let mut value = match method {
            "PUT" => checked(body(request)?)?,
            "PATCH" => checked(patched(self.held[at].value.clone(), &body(request)?)?)?,
            "DELETE" => {
                let mut value = self.held[at].value.clone();
                value["active"] = false.into();
                value
            }
            _ => return Err(error(405, None, None, "The method is not allowed")),
        };
        let held = &self.held[at];
        self.unique(&held.organization, &value, Some(at))?;
        let version = held.version + 1;
        value["id"] = held.value["id"].clone();
        value["meta"] = meta(version);
        self.held[at].version = version;
        self.held[at].value = value.clone();
        Ok(match method {
            "DELETE" => ResponseTemplate::new(204),
            _ => answer(200, SCIM, &value),
        })
    }

    fn create(
        &mut self,
        organization: &str,
        request: &Request,
    ) -> Result<ResponseTemplate, Refused> {
        let mut value = checked(body(request)?)?;
        self.unique(organization, &value, None)?;
        self.made += 1;
        value["id"] = counted_sid("US", self.made).into();
        value["meta"] = meta(1);
        if value.get("active").is_none() {
            value["active"] = true.into();
        }
        let organization = organization.to_owned();
        self.held.push(ScimUser { organization, version: 1, value: value.clone() });
        Ok(answer(201, SCIM, &value))
    }

    /// Nobody else has the name or the external id.
    fn unique(
        &self,
        organization: &str,
        wanted: &Value,
        own: Option<usize>,
    ) -> Result<(), Refused> {
        let others = self
            .held
            .iter()
            .enumerate()
            .filter(|(at, held)| Some(*at) != own && held.organization == organization);
        for (_, held) in others {
            for attribute in ["userName", "externalId"] {
                let (one, other) = (filled(&held.value, attribute), filled(wanted, attribute));
                if one.is_some() && one.map(str::to_lowercase) == other.map(str::to_lowercase) {
                    let detail = format!("{attribute} already exists");
                    return Err(error(409, Some(25022), Some("uniqueness"), detail));
                }
            }
        }
        Ok(())
    }

    fn list(&self, organization: &str, request: &Request) -> Result<ResponseTemplate, Refused> {
        let mut pairs = request.url.query_pairs();
        let wanted =
            match pairs.find(|(name, _)| name == "filter") {
                None => None,
                Some((_, text)) => Some(filter(&text).ok_or_else(|| {
                    error(400, Some(25001), Some("invalidFilter"), "Invalid filter")
                })?),
            };
        let own = self.held.iter().filter(|held| held.organization == organization);
        let found: Vec<&Value> = own
            .map(|held| &held.value)
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
        Ok(answer(200, SCIM, &body))
    }
}

/// The two filters that the service knows.
fn filter(text: &str) -> Option<(&'static str, String)> {
    let (attribute, value) = text.split_once(" eq ")?;
    let attribute = ["userName", "externalId"].into_iter().find(|known| *known == attribute)?;
    Some((attribute, serde_json::from_str(value).ok()?))
}

fn body(request: &Request) -> Result<Value, Refused> {
    let typed = is_type(request, "application/json") || is_type(request, SCIM);
    let value: Option<Value> = serde_json::from_slice(&request.body).ok();
    value
        .filter(|value| typed && value.is_object())
        .ok_or_else(|| error(400, None, Some("invalidSyntax"), "The body must be a JSON object"))
}

/// A user that follows the rules.
fn checked(user: Value) -> Result<Value, Refused> {
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
fn patched(mut user: Value, patch: &Value) -> Result<Value, Refused> {
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
                at[last].as_array_mut().into_iter().for_each(|held| held.append(&mut more));
            }
            (Some("add" | "replace"), Some(value)) => at[last] = value,
            (Some("remove"), _) => {
                at.as_object_mut().and_then(|held| held.remove(last));
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

/// Why a request is refused.
struct Refused {
    status: u16,
    code: Option<i64>,
    scim_type: Option<&'static str>,
    detail: String,
}

fn error(
    status: u16,
    code: Option<i64>,
    scim_type: Option<&'static str>,
    detail: impl Into<String>,
) -> Refused {
    Refused { status, code, scim_type, detail: detail.into() }
}

impl Refused {
    /// A SCIM error: the status is text, and there is no `message`.
    fn answer(self) -> ResponseTemplate {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "detail": self.detail,
            "status": self.status.to_string(),
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.into();
        }
        if let Some(code) = self.code {
            body["code"] = code.into();
            body["moreInfo"] = format!("https://www.twilio.com/docs/api/errors/{code}").into();
        }
        answer(self.status, SCIM, &body)
    }
}
